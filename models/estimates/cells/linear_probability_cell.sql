-- Grain: base_year and the regressors of chapters 5.2-5.4 (groups of age, sex, education, residence, labour status,
-- background, centrality level, county, family size 1-5+, size of a family of immigrants only).
-- Purpose: the sample of the linear probability models as counts: a fit on the cells is the fit on the persons.
--
-- Who died or is unaccounted for has none of the three outcomes and stays in the sample, as the report evidently has it
-- (neither_n); with estimates_deaths_in_linear_probability false they leave it. A move counts once between centrality
-- levels and once between counties. Unknown characteristics are not in the sample, nor are those without known level
-- and county; family columns are NULL for persons without a family number, who enter no model of families.
-- estimates.sample counts them.
with

sample as (
    select
        *,
        case when outcome_centrality in ('death', 'unaccounted') then 1 else 0 end as is_neither,
    from {{ ref('int_estimates__sample') }}
    where
        not lacks_characteristic
        and county_code is not null
        and outcome_county in ('stay', 'internal_outmigration', 'emigration', 'death', 'unaccounted')
),

kept as (
    select * from sample
    where
        is_neither = 0
        or {{ var('estimates_deaths_in_linear_probability') | lower }}
),

final as (
    select
        base_year,
        county_code,
        centrality_level,
        sex,
        age_group,
        education_group,
        residence_group,
        labour_status,
        immigration_background,
        family_size_group,
        immigrants_only_size,
        cast(sum(case when outcome_centrality = 'stay' then 1 else 0 end) as bigint) as stay_centrality_n,
        cast(sum(case when outcome_centrality = 'internal_outmigration' then 1 else 0 end) as bigint)
            as internal_outmigration_centrality_n,
        cast(sum(case when outcome_county = 'stay' then 1 else 0 end) as bigint) as stay_county_n,
        cast(sum(case when outcome_county = 'internal_outmigration' then 1 else 0 end) as bigint)
            as internal_outmigration_county_n,
        cast(sum(case when outcome_county = 'emigration' then 1 else 0 end) as bigint) as emigration_n,
        cast(sum(is_neither) as bigint) as neither_n,
    from kept
    group by
        base_year,
        county_code,
        centrality_level,
        sex,
        age_group,
        education_group,
        residence_group,
        labour_status,
        immigration_background,
        family_size_group,
        immigrants_only_size
)

select * from final
order by
    base_year,
    county_code,
    centrality_level,
    sex,
    age_group,
    education_group,
    residence_group,
    labour_status,
    immigration_background,
    family_size_group,
    immigrants_only_size
