-- Grain: the regressors of chapter 6.
-- Purpose: the sample of the pooled trinomial logits as counts over all years, for averages, in which two years of one
-- person count like those of two persons.
with

person_year as (
    select * from {{ ref('int_estimates__trinomial_logit_person_year') }}
    where {{ is_base_year(['estimates_pooled_base_years']) }}
),

final as (
    select
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
    centrality_level,
    sex,
    age,
    residence_group,
    education_group_logit,
    labour_status,
    immigration_background,
    family_size,
    family_immigrants
