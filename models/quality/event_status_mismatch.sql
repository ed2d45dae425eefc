-- Grain: calendar_year, mismatch: where events and population files contradict each other.
--   emigration_without_status_change   residents who emigrated, did not return and are resident next January
--   exit_without_event                 residents gone next January without emigration or death (unaccounted)
--   immigration_without_status_change  immigrants not resident next January who neither left again nor died
--   entry_without_event                residents who were not resident the January before, without immigration or birth
-- total_n is what the mismatches are part of: emigrations, exits, immigrations, entries of the year.
{{ config(materialized='incremental', meta={'year': 'calendar_year'}) }}
with

status as (
    select * from {{ from_year('int_outcome__status', 'base_year + 1') }}
    where not outcome_is_provisional
),

departure as (
    select * from {{ from_year('int_outcome__departure_summary', 'outcome_year') }}
),

resident as (
    select * from {{ from_year('int_population__resident', 'reference_year - 1') }}
),

event as (
    select * from {{ from_year('int_migration__event', 'year(event_date)') }}
    where event_type = 'immigration'
),

explained as (
    select * from {{ from_year('int_migration__arrival', 'calendar_year') }}
),

person as (
    select * from {{ all_years('int_population__person', 'first_reference_year - 1') }}
),

death as (
    select distinct
        person_id,
        death_date,
    from {{ all_years('int_outcome__death', 'outcome_year') }}
    where death_date is not null
),

calendar as (
    select * from {{ all_years('int_deliveries__calendar', 'calendar_year - 1') }}
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
        calendar.has_population
    group by event.person_id, year(event.event_date)
),

arrival as (
    select
        immigration.calendar_year,
        resident.person_id is null
        and departure.person_id is null
        and coalesce(year(death.death_date) > immigration.calendar_year, true) as is_mismatch,
    from immigration
    left join resident
        on
            immigration.person_id = resident.person_id
            and immigration.calendar_year + 1 = resident.reference_year
    left join departure
        on
            immigration.person_id = departure.person_id
            and immigration.calendar_year = departure.outcome_year
    left join death on immigration.person_id = death.person_id
),

entry as (
    select
        resident.reference_year - 1 as calendar_year,
        not coalesce(person.birth_year = resident.reference_year - 1, false)
        and explained.person_id is null as is_mismatch,
    from resident
    inner join calendar on resident.reference_year - 1 = calendar.calendar_year
    left join person on resident.person_id = person.person_id
    left join explained
        on
            resident.person_id = explained.person_id
            and resident.reference_year - 1 = explained.calendar_year
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
