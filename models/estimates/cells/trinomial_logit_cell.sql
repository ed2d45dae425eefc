-- Grain: base_year and the regressors of chapter 6 (age in single years, sex, residence, education, labour status,
-- background, centrality level, family size, immigrants in the family).
-- Purpose: the sample of the trinomial logits as counts: a fit on the cells is the fit on the persons (Vedlegg C).
--
-- Deaths, the unaccounted, unknown regions and unknown characteristics are not in the sample; estimates.sample counts
-- them.
with

sample as (
    select * from {{ ref('int_estimates__sample') }}
    where
        outcome_centrality in ('stay', 'internal_outmigration', 'emigration')
        and centrality_level is not null
        and not lacks_characteristic
        and family_size is not null
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
        cast(sum(case when outcome_centrality = 'stay' then 1 else 0 end) as bigint) as stay_n,
        cast(sum(case when outcome_centrality = 'internal_outmigration' then 1 else 0 end) as bigint)
            as internal_outmigration_n,
        cast(sum(case when outcome_centrality = 'emigration' then 1 else 0 end) as bigint) as emigration_n,
    from sample
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
