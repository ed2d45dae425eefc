-- Grain: reference_year.
-- Purpose: the Januaries whose file carries family numbers. In these a resident without a number is known to be in no
-- family with others (2.1.8). A file without the column, with an empty column, or with numbers that were made unknown
-- on arrival does not show who lives alone: families are unknown there, not small.
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
