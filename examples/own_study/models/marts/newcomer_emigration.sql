-- Grain: outcome_year, sex, education_group.
-- Purpose: newcomers and those of them who emigrate within the year, exact: for use inside the secure zone.
with

newcomer as (
    select * from {{ ref('newcomer') }}
),

final as (
    select
        outcome_year,
        sex,
        education_group,
        count(*) as newcomers_n,
        count_if(is_emigrant)::bigint as emigrants_n,
    from newcomer
    group by outcome_year, sex, education_group
)

select * from final
order by outcome_year, sex, education_group
