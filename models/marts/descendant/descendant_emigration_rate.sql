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

cell as (
    select * from {{ ref('int_descendant__cell') }}
),

counted as (
    select
        cell.outcome_year,
        cell.immigrant_group,
        dimension.dimension,
        dimension.category,
        cell.outcome_is_provisional,
        sum(cell.persons_n)::bigint as residents_n,
        coalesce(sum(cell.persons_n) filter (where cell.outcome = 'emigration'), 0)::bigint as emigrants_n,
        coalesce(sum(cell.persons_n) filter (where cell.is_at_risk_of_first_emigration), 0)::bigint
            as never_emigrated_n,
        coalesce(sum(cell.persons_n) filter (where cell.is_first_emigration), 0)::bigint as first_emigrants_n,
        coalesce(sum(cell.persons_n) filter (where cell.destination = 'parents_country'), 0)::bigint
            as emigrants_parents_country_n,
        coalesce(sum(cell.persons_n) filter (where cell.destination = 'nordic'), 0)::bigint as emigrants_nordic_n,
        coalesce(sum(cell.persons_n) filter (where cell.destination = 'western'), 0)::bigint as emigrants_western_n,
        coalesce(sum(cell.persons_n) filter (where cell.destination = 'other'), 0)::bigint as emigrants_other_n,
        coalesce(sum(cell.persons_n) filter (where cell.destination = 'unknown'), 0)::bigint as emigrants_unknown_n,
        coalesce(sum(cell.persons_n) filter (where cell.outcome = 'death'), 0)::bigint as deaths_n,
    from
        cell,
        lateral (
            values
            ('none', 'all'),
            ('sex', cell.sex),
            ('age_group', cell.descendant_age_group),
            ('parents_origin_group', cell.parents_origin_group),
            ('education_group', cell.education_group),
            ('labour_status', cell.labour_status),
            ('income_group', cell.income_group)
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
