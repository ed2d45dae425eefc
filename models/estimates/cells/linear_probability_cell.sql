-- Grain: base_year and the regressors of chapters 5.2-5.4 (groups of age, sex, education, residence, labour status,
-- background, centrality level, county, family size 1-5+, size of a family of immigrants only).
-- Purpose: the sample of the linear probability models as counts: a fit on the cells is the fit on the persons.
with

person_year as (
    select * from {{ ref('int_estimates__linear_probability_person_year') }}
    where {{ is_base_year(['estimates_base_years']) }}
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
        cast(sum(stay_centrality_n) as bigint) as stay_centrality_n,
        cast(sum(internal_outmigration_centrality_n) as bigint) as internal_outmigration_centrality_n,
        cast(sum(stay_county_n) as bigint) as stay_county_n,
        cast(sum(internal_outmigration_county_n) as bigint) as internal_outmigration_county_n,
        cast(sum(emigration_n) as bigint) as emigration_n,
        cast(sum(neither_n) as bigint) as neither_n,
    from person_year
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
