-- Grain: reference_year: residents of the population register without a row in the person register. They are kept,
-- with NULL characteristics.
{{ config(
    materialized='incremental', meta={'year': 'reference_year', 'rests_on': {'befolkning': 0, 'person': 0}}
) }}
with

resident as (
    select * from {{ ref('int_population__resident') }}
    where {{ is_needed('reference_year') }}
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

final as (
    select
        resident.reference_year,
        count(*) as residents_n,
        count(*) filter (where person.person_id is null) as without_characteristics_n,
    from resident
    left join person on resident.person_id = person.person_id
    group by resident.reference_year
)

select * from final
order by reference_year
