-- Grain: reference_year.
-- Purpose: the Januaries whose file carries family numbers, so that a resident without one is known to share none with
-- anybody (2.1.8). A file without the column, with an empty one, or of which numbers were made unknown on arrival does
-- not tell who is alone: families are unknown there, not small.
{{ config(materialized='incremental', meta={'year': 'reference_year'}) }}
with

resident as (
    select * from {{ from_year('int_population__resident', 'reference_year') }}
    where family_id is not null
),

calendar as (
    select * from {{ all_years('int_deliveries__calendar', 'calendar_year') }}
    where has_family_number
),

final as (
    select distinct resident.reference_year
    from resident
    inner join calendar on resident.reference_year = calendar.calendar_year
)

select * from final
