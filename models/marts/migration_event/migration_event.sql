-- Grain: event_id: every registered move, exact repetitions removed.
-- Purpose: the events behind the person-years, whether or not the person was ever in the population at risk.
--
-- The first immigration is the earliest on record, if it is not dated after the year of the person's first
-- immigration (otherwise the first one lies before the register's first year); every other immigration is a
-- re-immigration. Both are NULL for a person without a known first immigration.
--
-- By year: an event is the first immigration or not by what came before it; its basis rests on signs of its own year
-- and the year before.
{{ config(
    materialized='incremental',
    meta={
        'year': 'year(event_date)',
        'rests_on': {
            'flytting': 0,
            'sysselsetting': 0,
            'utdanningsaktivitet': 0,
            'arbeidssoker': 0,
            'inntekt': 0,
            'person_event': 0,
        },
    }
) }}
with

event as (
    select * from {{ ref('int_migration__event') }}
),

basis as (
    select * from {{ ref('int_migration__emigration_basis') }}
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

immigration as (
    select
        event.event_id,
        person.first_immigration_year,
        row_number() over (
            partition by event.person_id
            order by event.event_date, event.registered_date nulls last, event.event_id
        ) = 1
        and year(event.event_date) <= person.first_immigration_year as is_first_immigration,
    from event
    left join person on event.person_id = person.person_id
    where event.event_type = 'immigration'
),

final as (
    select
        event.event_id,
        event.person_id,
        event.event_type,
        event.event_date,
        event.registered_date,
        case
            when event.is_day_exact is not false then (event.registered_date - event.event_date)::integer
        end as registration_lag_days,
        event.from_municipality_code,
        event.to_municipality_code,
        event.from_country,
        event.to_country,
        basis.emigration_basis,
        basis.emigration_basis_source,
        case
            when event.event_type <> 'immigration' then false
            when immigration.first_immigration_year is not null then immigration.is_first_immigration
        end as is_first_immigration,
        case
            when event.event_type <> 'immigration' then false
            when immigration.first_immigration_year is not null then not immigration.is_first_immigration
        end as is_reimmigration,
    from event
    left join basis on event.event_id = basis.event_id
    left join immigration on event.event_id = immigration.event_id
    where {{ is_needed('year(event.event_date)') }}
)

select * from final
order by event_date, person_id, event_id
