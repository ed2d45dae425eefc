-- Grain: the regressors (immigrant_group, parents_region, sex, age, education, labour status, income).
-- Population: residents aged 18-50 of the groups of descendant_emigration who never emigrated before, all years.
-- Purpose: the sample of the regressions of first emigration as counts; a fit on the cells is the fit on the persons.
--
-- Persons who died or are unaccounted for are not in the sample, nor are years without one of the registers. Emigrants
-- with an unknown destination are counted apart: they are emigrants in the logit, and not in the sample of the
-- trinomial logit.
with

cell as (
    select * from {{ ref('int_descendant__cell') }}
    where
        is_at_risk_of_first_emigration
        and age between 18 and 50
        and outcome in ('stay', 'internal_outmigration', 'emigration')
        and education_group is not null
        and labour_status is not null
        and income_group is not null
),

final as (
    select
        immigrant_group,
        case
            when parents_origin_group is null then 'none'
            when parents_origin_group in ('nordic', 'western_europe', 'north_america_oceania') then 'western'
            when parents_origin_group in ('eu_2004_2007', 'other_europe') then 'eastern_europe'
            when parents_origin_group in ('asia', 'africa') then parents_origin_group
            else 'other'
        end as parents_region,
        sex,
        age,
        education_group,
        labour_status,
        income_group,
        coalesce(sum(persons_n) filter (where outcome <> 'emigration'), 0)::bigint as stay_n,
        coalesce(sum(persons_n) filter (where outcome = 'emigration'), 0)::bigint as emigration_n,
        coalesce(sum(persons_n) filter (where destination = 'parents_country'), 0)::bigint as parents_country_n,
        coalesce(sum(persons_n) filter (where destination in ('nordic', 'western', 'other')), 0)::bigint
            as elsewhere_n,
        coalesce(sum(persons_n) filter (where destination = 'unknown'), 0)::bigint as unknown_n,
    from cell
    where sex is not null
    group by all
)

select * from final
order by all
