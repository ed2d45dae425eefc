-- Grain: person_id, base_year: the sample of the trinomial logits, ages 15 and over, all levels (chapter 6, Vedlegg C).
-- Purpose: who is in the sample, with the regressors and one of three counts equal to 1. trinomial_logit_cell adds them
-- up for fits of one base year; pooled fits read the persons, since their errors are clustered by person.
--
-- Deaths, the unaccounted, unknown regions and unknown characteristics are not in the sample; estimates.sample counts
-- them.
with

sample as (
    select * from {{ ref('int_estimates__sample') }}
    where
        outcome_centrality in ('stay', 'internal_outmigration', 'emigration')
        and age <= {{ var('estimates_oldest_in_logits') or 'age' }}
        and centrality_level is not null
        and not lacks_characteristic
        and family_size is not null
),

final as (
    select
        person_id,
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
        case when outcome_centrality = 'stay' then 1 else 0 end as stay_n,
        case when outcome_centrality = 'internal_outmigration' then 1 else 0 end as internal_outmigration_n,
        case when outcome_centrality = 'emigration' then 1 else 0 end as emigration_n,
    from sample
)

select * from final
