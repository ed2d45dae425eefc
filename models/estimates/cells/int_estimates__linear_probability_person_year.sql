-- Grain: person_id, base_year: the sample of the linear probability models, ages 15-74 (5.2-5.4, Vedlegg B).
-- Purpose: who is in the sample, with regressors and outcomes as counts. linear_probability_cell adds them up for fits
-- of one base year; pooled fits read the persons, since their errors are clustered by person.
--
-- Who died or is unaccounted for has none of the three outcomes and stays in the sample, as the report evidently has it
-- (neither_n); with estimates_deaths_in_linear_probability false they leave it. A move counts once between centrality
-- levels and once between counties. Unknown characteristics are not in the sample, nor are those without known level
-- and county; family columns are NULL in a year without family numbers, when nobody enters a model of families.
-- estimates.sample counts them.
with

sample as (
    select
        *,
        case when outcome_centrality in ('death', 'unaccounted') then 1 else 0 end as neither_n,
    from {{ ref('int_estimates__sample') }}
    where
        age <= 74
        and not lacks_characteristic
        and county_code is not null
        and outcome_county in ('stay', 'internal_outmigration', 'emigration', 'death', 'unaccounted')
),

final as (
    select
        person_id,
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
        case when outcome_centrality = 'stay' then 1 else 0 end as stay_centrality_n,
        case when outcome_centrality = 'internal_outmigration' then 1 else 0 end as internal_outmigration_centrality_n,
        case when outcome_county = 'stay' then 1 else 0 end as stay_county_n,
        case when outcome_county = 'internal_outmigration' then 1 else 0 end as internal_outmigration_county_n,
        case when outcome_county = 'emigration' then 1 else 0 end as emigration_n,
        neither_n,
    from sample
    where
        neither_n = 0
        or {{ var('estimates_deaths_in_linear_probability') | lower }}
)

select * from final
