-- Grain: family_id, reference_year: families with a member resident on 1 January of reference_year.
-- Purpose: size and composition of every family (2.1.8).
--
-- Both counts are over residents in Norway of every age: relatives abroad carry the number but another status.
-- A member without a row in the person register counts as a member and not as an immigrant. family_children is NULL
-- where the file came without roles (personkode).
-- The number identifies a reference person and changes when that person leaves: never link years by it.
{{ config(materialized='incremental', meta={'year': 'reference_year'}) }}
with

resident as (
    select * from {{ from_year('int_population__resident', 'reference_year') }}
),

person as (
    select * from {{ all_years('int_population__person', 'first_reference_year') }}
),

calendar as (
    select * from {{ from_year('int_deliveries__calendar', 'calendar_year') }}
),

counted as (
    select
        resident.family_id,
        resident.reference_year,
        count(*)::integer as family_size,
        (count(*) filter (where person.is_immigrant))::integer as family_immigrants,
        (count(*) filter (where resident.is_family_child))::integer as family_children,
    from resident
    left join person on resident.person_id = person.person_id
    where resident.family_id is not null
    group by resident.family_id, resident.reference_year
),

final as (
    select
        counted.family_id,
        counted.reference_year,
        family_size,
        family_immigrants,
        family_size - family_immigrants as family_non_immigrants,
        case when calendar.has_family_role then family_children end as family_children,
        {{ family_type('family_size', 'family_immigrants') }} as family_type,
    from counted
    inner join calendar on counted.reference_year = calendar.calendar_year
)

select * from final
order by reference_year, family_id
