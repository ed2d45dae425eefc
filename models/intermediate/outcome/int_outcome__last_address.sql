-- Grain: person_id, outcome_year, for years without a delivered next 1 January.
-- Purpose: the municipality a person lived in at the end of the year according to its events alone.
{{ config(meta={'year': 'outcome_year'}) }}
with

event as (
    select * from {{ ref('int_migration__event') }}
    where
        event_type in ('internal', 'immigration')
        and to_municipality_code is not null
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

final as (
    select
        event.person_id,
        calendar.calendar_year - 1 as outcome_year,
        last(
            event.to_municipality_code
            order by event.event_date, event.registered_date nulls last, event.event_type, event.event_id
        ) as municipality_code,
    from event
    inner join calendar on year(event.event_date) + 1 = calendar.calendar_year
    where not calendar.has_population
    group by event.person_id, calendar.calendar_year
)

select * from final
