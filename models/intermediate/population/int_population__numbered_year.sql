-- Grain: reference_year.
-- Purpose: the Januaries whose file carries family numbers, so that a resident without one is known to share none with
-- anybody (2.1.8). A file without the column, with an empty one, or of which numbers were made unknown on arrival does
-- not tell who is alone: families are unknown there, not small.
with

resident as (
    select * from {{ ref('int_population__resident') }}
    where family_id is not null
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
    where has_family_number
),

final as (
    select distinct resident.reference_year
    from resident
    inner join calendar on resident.reference_year = calendar.calendar_year
)

select * from final
