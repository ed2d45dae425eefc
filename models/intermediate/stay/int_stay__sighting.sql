-- Grain: person_id, seen_on.
-- Purpose: the 1 Januaries on which the population register says something that the moves do not: the first 1 January
-- of every unbroken residence, the first one after it, and the one on which an immigrant should have been resident and
-- was not.
--
-- A 1 January says nothing about a move of that very day, nor about a move registered on that day or later: the
-- register did not know of it yet. Nor does it say anything about the dead.
with

population_change as (
    select * from {{ ref('int_population__entry_and_exit') }}
),

january as (
    select * from {{ ref('stg_befolkning__january') }}
),

crossing as (
    select * from {{ ref('int_stay__crossing') }}
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

never_there as (
    select distinct
        person_id,
        year(next_january)::integer as reference_year,
    from crossing
    where is_absent_next_january
),

sighting as (
    select
        person_id,
        reference_year,
        is_resident as is_in_norway,
        is_dead,
    from population_change
    union
    select
        never_there.person_id,
        never_there.reference_year,
        false,
        coalesce(january.is_dead, false),
    from never_there
    left join january
        on
            never_there.person_id = january.person_id
            and never_there.reference_year = january.reference_year
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
        sighting.is_in_norway,
        sighting.is_dead,
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
        judged.is_dead,
    from judged
    left join person on judged.person_id = person.person_id
    where
        coalesce(greatest(judged.last_crossing_date, judged.last_crossing_known_date) < judged.seen_on, true)
        and (
            person.death_date is null
            or judged.seen_on < person.death_date
            or (judged.is_in_norway and judged.seen_on = person.death_date)
        )
)

select * from final
