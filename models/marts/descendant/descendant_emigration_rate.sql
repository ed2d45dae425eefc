-- Grain: outcome_year, immigrant_group, dimension, category.
-- Population: residents at the start of the year in one of the four groups of descendant_emigration.
-- Purpose: emigration of descendants per 100 residents, by destination and one characteristic, beside the
-- Norwegian-born with one foreign-born parent, the majority, and immigrants who came before age 7.
--
-- Emigrants are persons whose outcome of the year is emigration (2.1.4), whether their first or a later one; the first
-- emigrations have residents who never emigrated before as their population. Deaths and unaccounted stay in the
-- denominator. Persons whose category is NULL and years without outcome are absent; labour status is defined from
-- 15 to 74. Simulated majorities are complete only where the delivery was simulated with them.
with

person_year as (
    select * from {{ ref('int_descendant__person_year') }}
),

described as (
    select
        outcome_year,
        immigrant_group,
        outcome_is_provisional,
        sex,
        descendant_age_group,
        parents_origin_group,
        education_group,
        labour_status,
        income_group,
        count(*) as residents_n,
        count(*) filter (where outcome = 'emigration') as emigrants_n,
        count(*) filter (where is_at_risk_of_first_emigration) as never_emigrated_n,
        count(*) filter (where is_first_emigration) as first_emigrants_n,
        count(*) filter (where destination = 'parents_country') as emigrants_parents_country_n,
        count(*) filter (where destination = 'nordic') as emigrants_nordic_n,
        count(*) filter (where destination = 'western') as emigrants_western_n,
        count(*) filter (where destination = 'other') as emigrants_other_n,
        count(*) filter (where destination = 'unknown') as emigrants_unknown_n,
        count(*) filter (where outcome = 'death') as deaths_n,
    from person_year
    group by all
),

counted as (
    select
        described.outcome_year,
        described.immigrant_group,
        dimension.dimension,
        dimension.category,
        described.outcome_is_provisional,
        sum(described.residents_n)::bigint as residents_n,
        sum(described.emigrants_n)::bigint as emigrants_n,
        sum(described.never_emigrated_n)::bigint as never_emigrated_n,
        sum(described.first_emigrants_n)::bigint as first_emigrants_n,
        sum(described.emigrants_parents_country_n)::bigint as emigrants_parents_country_n,
        sum(described.emigrants_nordic_n)::bigint as emigrants_nordic_n,
        sum(described.emigrants_western_n)::bigint as emigrants_western_n,
        sum(described.emigrants_other_n)::bigint as emigrants_other_n,
        sum(described.emigrants_unknown_n)::bigint as emigrants_unknown_n,
        sum(described.deaths_n)::bigint as deaths_n,
    from
        described,
        lateral (
            values
            ('none', 'all'),
            ('sex', described.sex),
            ('age_group', described.descendant_age_group),
            ('parents_origin_group', described.parents_origin_group),
            ('education_group', described.education_group),
            ('labour_status', described.labour_status),
            ('income_group', described.income_group)
        ) as dimension (dimension, category)
    where dimension.category is not null
    group by all
),

final as (
    select
        *,
        100.0::double * emigrants_n / residents_n as emigration_rate,
        100.0::double * first_emigrants_n / nullif(never_emigrated_n, 0) as first_emigration_rate,
    from counted
)

select * from final
order by outcome_year, immigrant_group, dimension, category
