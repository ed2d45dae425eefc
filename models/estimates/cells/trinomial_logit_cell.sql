-- Grain: base_year and the regressors of chapter 6 (age in single years, sex, residence, education, labour status,
-- background, centrality level, family size, immigrants in the family).
-- Purpose: the sample of the trinomial logits as counts: a fit on the cells is the fit on the persons (Vedlegg C).
with

person_year as (
    select * from {{ ref('int_estimates__trinomial_logit_person_year') }}
    where {{ is_base_year(['estimates_base_years']) }}
),

final as (
    select
        base_year,
        centrality_level,
        sex,
        age,
        residence_group,
        education_group_logit,
        labour_status,
        immigration_background,
        family_size,
        family_immigrants,
        cast(sum(stay_n) as bigint) as stay_n,
        cast(sum(internal_outmigration_n) as bigint) as internal_outmigration_n,
        cast(sum(emigration_n) as bigint) as emigration_n,
    from person_year
    group by
        base_year,
        centrality_level,
        sex,
        age,
        residence_group,
        education_group_logit,
        labour_status,
        immigration_background,
        family_size,
        family_immigrants
)

select * from final
order by
    base_year,
    centrality_level,
    sex,
    age,
    residence_group,
    education_group_logit,
    labour_status,
    immigration_background,
    family_size,
    family_immigrants
