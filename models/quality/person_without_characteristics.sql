-- Grain: reference_year: residents of the population register without a row in the person register. They are kept,
-- with NULL characteristics.
{{ config(materialized='incremental', meta={'year': 'reference_year'}) }}
with

resident as (
    select * from {{ from_year('int_population__resident', 'reference_year') }}
),

person as (
    select * from {{ all_years('int_population__person', 'first_reference_year') }}
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
