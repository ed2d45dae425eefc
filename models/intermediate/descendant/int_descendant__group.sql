-- Grain: person_id: members of the compared groups who were ever resident on a 1 January.
-- Purpose: what their person-years are told apart by, and the first such 1 January.
{{ config(meta={'year': 'first_reference_year'}) }}
with

cohort as (
    select * from {{ ref('int_descendant__cohort') }}
),

person as (
    select * from {{ ref('int_population__person') }}
),

final as (
    select
        cohort.person_id,
        cohort.immigrant_group,
        cohort.parents_origin_group,
        cohort.parents_country,
        person.first_reference_year,
    from cohort
    inner join person on cohort.person_id = person.person_id
)

select * from final
