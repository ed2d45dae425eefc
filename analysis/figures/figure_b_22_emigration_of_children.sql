-- Figure B.22: emigration of children of 0-17 years.
-- depends_on: {{ ref('release_child_emigration') }}
--
-- Grain: figure, population, outcome_year.
with

child_emigration as (
    select * from release.child_emigration
),

final as (
    select
        'B.22' as figure,
        population,
        outcome_year,
        emigration_rate,
    from child_emigration
    where
        county_code = '0'
        and age_group = '0-17'
        and not outcome_is_provisional
)

select * from final
order by figure, population, outcome_year
