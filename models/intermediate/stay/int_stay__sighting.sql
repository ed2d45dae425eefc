-- Grain: person_id, seen_on.
-- Purpose: the 1 Januaries on which the population register tells something that the moves do not: the first and the
-- first missing one of every unbroken residence, and the one on which an immigrant should have been resident and was
-- not.
--
-- A 1 January says nothing about a move of that very day, nor about one that was registered that day or later: the
-- register had not heard of it yet. Nor does it say anything about the dead.
with

resident as (
    select * from {{ ref('int_population__resident') }}
),

january as (
    select * from {{ ref('stg_befolkning__january') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

crossing as (
    select * from {{ ref('int_stay__crossing') }}
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

arrived as (
    select
        person_id,
        reference_year,
        true as is_in_norway,
    from resident
    where resident_januaries_n = 1
),

disappeared as (
    select
        resident.person_id,
        resident.reference_year + 1 as reference_year,
        false as is_in_norway,
    from resident
    inner join calendar on resident.reference_year + 1 = calendar.calendar_year
    anti join resident as later
        on
            resident.person_id = later.person_id
            and resident.reference_year + 1 = later.reference_year
    where calendar.has_population
),

never_there as (
    select
        person_id,
        year(next_january)::integer as reference_year,
        false as is_in_norway,
    from crossing
    where is_absent_next_january
),

sighting as (
    select * from arrived
    union
    select * from disappeared
    union
    select * from never_there
),

day_of_crossing as (
    select
        person_id,
        event_date,
        max(known_date) as known_date,
    from crossing
    group by person_id, event_date
),

judged as (
    select
        sighting.person_id,
        sighting.reference_year,
        sighting.is_in_norway,
        make_date(sighting.reference_year, 1, 1) as seen_on,
        day_of_crossing.event_date as last_crossing_date,
        day_of_crossing.known_date as last_crossing_known_date,
    from sighting
    asof left join day_of_crossing
        on
            sighting.person_id = day_of_crossing.person_id
            and make_date(sighting.reference_year, 1, 1) >= day_of_crossing.event_date
),

final as (
    select
        judged.person_id,
        judged.seen_on,
        judged.is_in_norway,
        coalesce(january.is_dead, false) as is_dead,
    from judged
    left join person on judged.person_id = person.person_id
    left join january
        on
            judged.person_id = january.person_id
            and judged.reference_year = january.reference_year
            and not judged.is_in_norway
    where
        coalesce(greatest(judged.last_crossing_date, judged.last_crossing_known_date) < judged.seen_on, true)
        and (
            person.death_date is null
            or judged.seen_on < person.death_date
            or (judged.is_in_norway and judged.seen_on = person.death_date)
        )
)

select * from final
