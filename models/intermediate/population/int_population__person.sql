-- Grain: person_id: persons of the person register who were ever resident on a 1 January.
-- Purpose: the characteristics that what is counted by year depends on, and the first such 1 January: before it they
-- matter to nothing. How a person died, and whose child a person is, is no part of them.
{{ config(meta={'year': 'first_reference_year'}) }}
with

person as (
    select * exclude (death_date, mother_id, father_id)
    from {{ ref('int_person__characteristics') }}
),

resident as (
    select * from {{ ref('int_population__resident') }}
),

first_january as (
    select
        person_id,
        min(reference_year) as first_reference_year,
    from resident
    group by person_id
),

final as (
    select
        person.*,
        first_january.first_reference_year,
    from person
    inner join first_january on person.person_id = first_january.person_id
)

select * from final
