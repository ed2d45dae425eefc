-- Grain: person_id, base_year.
-- Purpose: death, resident, emigration or unaccounted: what became of a resident during outcome_year (2.1.4).
-- First match wins:
--   1. death while resident (int_outcome__death), even where the register still shows the person as resident next
--      January. A person who had left and not come back is an emigrant who died abroad.
--   2. resident next January.
--   3. emigration: not resident next January, and an emigration explains it (int_outcome__departure).
--   4. unaccounted: gone without emigration or death. A death dated before the year began was counted then; who is
--      carried along as resident after it ends up here.
-- Without a delivered next 1 January the events of the year decide, and the outcome is provisional; without either
-- it is NULL. Choice: only an immigration brings an emigrant back. A move within Norway after an emigration does not,
-- here as in immigration_spell: an emigration is often registered late, with a date before such a move.
{{ config(meta={'year': 'base_year'}) }}
with

next_january as (
    select * from {{ from_year('int_outcome__next_january', 'base_year') }}
),

death as (
    select * from {{ from_year('int_outcome__death', 'outcome_year - 1') }}
),

departure as (
    select * from {{ from_year('int_outcome__departure_summary', 'outcome_year - 1') }}
),

facts as (
    select
        next_january.person_id,
        next_january.base_year,
        next_january.outcome_year,
        next_january.family_id,
        next_january.municipality_code,
        next_january.next_municipality_code,
        next_january.has_next_january,
        next_january.is_resident_next_january,
        next_january.has_next_january or next_january.has_events as has_outcome,
        death.person_id is not null as is_dead,
        coalesce(departure.is_abroad_at_death, false) as is_abroad_at_death,
        coalesce(departure.has_returned_within_year, false) as has_returned_within_year,
        coalesce(departure.is_gone_at_end, false) as is_gone_at_end,
        departure.last_departure_event_id,
    from next_january
    left join death
        on
            next_january.person_id = death.person_id
            and next_january.outcome_year = death.outcome_year
    left join departure
        on
            next_january.person_id = departure.person_id
            and next_january.outcome_year = departure.outcome_year
),

decided as (
    select
        *,
        case
            when not has_outcome then null
            when is_dead and not is_abroad_at_death then 'death'
            when has_next_january and is_resident_next_january then 'resident'
            when has_next_january and last_departure_event_id is not null then 'emigration'
            when has_next_january then 'unaccounted'
            when is_gone_at_end then 'emigration'
            else 'resident'
        end as status,
    from facts
),

final as (
    select
        person_id,
        base_year,
        outcome_year,
        family_id,
        municipality_code,
        next_municipality_code,
        status,
        case when has_outcome then not has_next_january end as outcome_is_provisional,
        case when has_outcome then status = 'resident' and has_returned_within_year end as returned_within_year,
        case when status = 'emigration' then last_departure_event_id end as emigration_event_id,
    from decided
)

select * from final
