-- Grain: event_id of emigrations and immigrations that are believed.
-- Purpose: the moves over the border that begin and end stays.
--
-- Left out: emigrations dated on or after the person's death, immigrations dated after it, and emigrations that the
-- population register contradicts: the person is resident on the first 1 January after the move and its registration,
-- and no immigration in between brought the person back. An immigration is kept even where the person is absent
-- on the first 1 January that should know of it; then is_absent_next_january says so.
with

event as (
    select * from {{ ref('int_migration__event') }}
    where event_type in ('emigration', 'immigration')
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

resident as (
    select * from {{ ref('int_population__resident') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

possible as (
    select
        event.*,
        coalesce(event.registered_date, event.event_date) as known_date,
    from event
    left join person on event.person_id = person.person_id
    where
        person.death_date is null
        or event.event_date < person.death_date
        or (event.event_type = 'immigration' and event.event_date = person.death_date)
),

ordered as (
    select
        *,
        year(greatest(event_date, known_date))::integer + 1 as next_january_year,
        min(case when event_type = 'immigration' then event_date end) over following as next_immigration_date,
    from possible
    window following as (
        partition by person_id
        order by event_date, registered_date nulls last, event_type, event_id
        rows between 1 following and unbounded following
    )
),

seen as (
    select
        ordered.*,
        make_date(ordered.next_january_year, 1, 1) as next_january,
        coalesce(calendar.has_population, false) and resident.person_id is not null as is_resident_next_january,
        coalesce(calendar.has_population, false) and resident.person_id is null as is_not_resident_next_january,
    from ordered
    left join calendar on ordered.next_january_year = calendar.calendar_year
    left join resident
        on
            ordered.person_id = resident.person_id
            and ordered.next_january_year = resident.reference_year
),

believed as (
    select * from seen
    where
        event_type = 'immigration'
        or not is_resident_next_january
        or next_immigration_date <= next_january
),

final as (
    select
        event_id,
        person_id,
        event_type,
        event_date,
        registered_date,
        known_date,
        to_municipality_code,
        from_country,
        to_country,
        next_january,
        event_type = 'immigration'
        and is_not_resident_next_january
        and coalesce(
            min(case when event_type = 'emigration' then event_date end) over (
                partition by person_id
                order by event_date, registered_date nulls last, event_type, event_id
                rows between 1 following and unbounded following
            ) > next_january,
            true
        ) as is_absent_next_january,
    from believed
)

select * from final
