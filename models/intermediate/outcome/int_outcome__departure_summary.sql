-- Grain: person_id, outcome_year.
-- Purpose: what the departures of a year say together: the last one (of several on one day the one registered
-- first), and whether the person was abroad at death, came back within the year, or was gone when it ended.
--
-- By year: an emigration or a return of 1 January matters to the year before it, any other only to its own year and
-- later ones; a return decides only years that end on or after it. A death, known or corrected, takes away emigrations
-- of its day and later: from the year before on, since one of 1 January belongs there.
{{ config(materialized='incremental', meta={'year': 'outcome_year', 'rests_on': {'outcome': 0, 'death': -1}}) }}
with

departure as (
    select
        *,
        make_date(outcome_year, 1, 1) as first_day,
        make_date(outcome_year + 1, 1, 1) as next_january,
    from {{ ref('int_outcome__departure') }}
    where {{ is_needed('outcome_year') }}
),

final as (
    select
        person_id,
        outcome_year,
        first(event_id order by event_date desc, registered_date asc nulls last, event_id) as last_departure_event_id,
        coalesce(bool_or(death_date <= next_january and coalesce(return_date > death_date, true)), false)
            as is_abroad_at_death,
        bool_or(
            event_date >= first_day and event_date < next_january and coalesce(return_date <= next_january, false)
        ) as has_returned_within_year,
        bool_or(coalesce(return_date > next_january, true)) as is_gone_at_end,
    from departure
    group by person_id, outcome_year
)

select * from final
