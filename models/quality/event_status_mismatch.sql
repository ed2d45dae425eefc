-- Grain: calendar_year, mismatch: where events and population files contradict each other.
--   emigration_without_status_change   residents who emigrated, did not return and are resident next January
--   exit_without_event                 residents gone next January without emigration or death (unaccounted)
--   immigration_without_status_change  immigrants not resident next January who neither left again nor died
--   entry_without_event                residents who were not resident the January before, without immigration or birth
-- total_n is what the mismatches are part of: emigrations, exits, immigrations, entries of the year.
--
-- By year: outcomes as in person_year, which names the base year; 1 January ends the year before it, and an
-- entry of that day is told by the events of that year, those registered in it, and those of the day itself.
{{ config(
    materialized='incremental',
    meta={
        'year': 'calendar_year',
        'rests_on': {
            'befolkning': -1,
            'outcome': 0,
            'registration': 0,
            'death': -1,
            'person': -1,
        },
    }
) }}
with

status as (
    select * from {{ ref('int_outcome__status') }}
    where
        not outcome_is_provisional
        and {{ is_needed('outcome_year') }}
),

departure as (
    select * from {{ ref('int_outcome__departure_summary') }}
    where {{ is_needed('outcome_year') }}
),

resident as (
    select * from {{ ref('int_population__resident') }}
    where {{ is_needed('reference_year - 1') }}
),

event as (
    select * from {{ ref('int_migration__event') }}
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

leaving as (
    select
        status.outcome_year as calendar_year,
        status.status,
        departure.is_gone_at_end,
    from status
    left join departure
        on
            status.person_id = departure.person_id
            and status.outcome_year = departure.outcome_year
),

-- Immigrations of years whose next 1 January was delivered.
immigration as (
    select
        event.person_id,
        year(event.event_date)::integer as calendar_year,
        max(event.event_date) as immigration_date,
    from event
    inner join calendar on year(event.event_date) + 1 = calendar.calendar_year
    where
        event.event_type = 'immigration'
        and calendar.has_population
        and {{ is_needed('year(event.event_date)') }}
    group by event.person_id, year(event.event_date)
),

arrival as (
    select
        immigration.calendar_year,
        resident.person_id is null
        and departure.person_id is null
        and coalesce(year(person.death_date) > immigration.calendar_year, true) as is_mismatch,
    from immigration
    left join resident
        on
            immigration.person_id = resident.person_id
            and immigration.calendar_year + 1 = resident.reference_year
    left join departure
        on
            immigration.person_id = departure.person_id
            and immigration.calendar_year = departure.outcome_year
    left join person on immigration.person_id = person.person_id
),

entry as (
    select
        resident.reference_year - 1 as calendar_year,
        not coalesce(person.birth_year = resident.reference_year - 1, false)
        and not exists (
            select 1
            from event
            where
                event.person_id = resident.person_id
                and event.event_type = 'immigration'
                and (
                    year(event.event_date) = resident.reference_year - 1
                    or year(event.registered_date) = resident.reference_year - 1
                    or event.event_date = make_date(resident.reference_year, 1, 1)
                )
        ) as is_mismatch,
    from resident
    inner join calendar on resident.reference_year - 1 = calendar.calendar_year
    left join person on resident.person_id = person.person_id
    where
        resident.resident_januaries_n = 1
        and calendar.has_population
),

counted as (
    select
        calendar_year,
        'emigration_without_status_change' as mismatch,
        count(*) filter (where status = 'resident') as mismatch_n,
        count(*) as total_n,
    from leaving
    where is_gone_at_end
    group by calendar_year
    union all
    select
        calendar_year,
        'exit_without_event',
        count(*) filter (where status = 'unaccounted'),
        count(*),
    from leaving
    where status <> 'resident'
    group by calendar_year
    union all
    select
        calendar_year,
        'immigration_without_status_change',
        count(*) filter (where is_mismatch),
        count(*),
    from arrival
    group by calendar_year
    union all
    select
        calendar_year,
        'entry_without_event',
        count(*) filter (where is_mismatch),
        count(*),
    from entry
    group by calendar_year
),

final as (
    select * from counted
)

select * from final
order by calendar_year, mismatch
