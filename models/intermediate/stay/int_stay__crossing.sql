-- Grain: event_id of emigrations and immigrations that count.
-- Purpose: the moves over the border that begin and end stays.
--
-- Left out: emigrations dated on or after the person's death, immigrations dated after it, and emigrations that the
-- population register contradicts: the person is resident on the first 1 January after the move and its registration,
-- and no immigration in between brought the person back. An immigration is kept even where the person is absent
-- on the first 1 January that should know of it; then is_absent_next_january says so.
--
-- crossing_number is the place of a move among those of the person, in order of date and registration. An emigration
-- that the population register contradicts leaves a gap in the numbers.
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
        row_number() over in_order as crossing_number,
        min(case when event_type = 'immigration' then event_date end) over (
            in_order
            rows between 1 following and unbounded following
        ) as next_immigration_date,
    from possible
    window in_order as (
        partition by person_id
        order by event_date, registered_date nulls last, event_type, event_id
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

never_there as (
    select immigration.event_id
    from believed as immigration
    anti join believed as emigration
        on
            immigration.person_id = emigration.person_id
            and emigration.event_type = 'emigration'
            and immigration.crossing_number < emigration.crossing_number
            and immigration.next_january >= emigration.event_date
    where
        immigration.event_type = 'immigration'
        and immigration.is_not_resident_next_january
),

final as (
    select
        believed.event_id,
        believed.person_id,
        believed.crossing_number,
        believed.event_type,
        believed.event_date,
        believed.registered_date,
        believed.known_date,
        believed.to_municipality_code,
        believed.from_country,
        believed.to_country,
        believed.next_january,
        never_there.event_id is not null as is_absent_next_january,
    from believed
    left join never_there on believed.event_id = never_there.event_id
)

select * from final
