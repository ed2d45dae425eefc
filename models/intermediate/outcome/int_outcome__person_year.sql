-- Grain: person_id, base_year.
-- Purpose: one outcome per person-year at four region levels (2.1.4): movers are counted, not moves.
-- An emigration that the next January contradicts leaves the emigration columns NULL.
{{ config(meta={'year': 'base_year'}) }}
with

status as (
    select * from {{ from_year('int_outcome__status', 'base_year') }}
),

move as (
    select * from {{ from_year('int_municipality__move', 'outcome_year - 1') }}
),

departure as (
    select * from {{ from_year('int_outcome__departure_summary', 'outcome_year - 1') }}
),

final as (
    select
        status.person_id,
        status.base_year,
        status.outcome_year,
        status.family_id,
        status.municipality_code,
        status.citizenship,
        {{ outcome_of_resident('status.status', 'move.is_municipality_move', 'move.from_code') }}
            as outcome_municipality,
        {{ outcome_of_resident('status.status', 'move.is_county_move', 'move.from_code') }}
            as outcome_county,
        {{ outcome_of_resident('status.status', 'move.is_centrality_move', 'move.from_code') }}
            as outcome_centrality,
        {{ outcome_of_resident('status.status', 'move.is_centrality_class_move', 'move.from_code') }}
            as outcome_centrality_class,
        status.outcome_is_provisional,
        status.returned_within_year,
        departure.emigration_date,
        departure.emigration_registered_date,
        departure.emigration_country,
        departure.emigration_basis,
        departure.emigration_basis_source,
    from status
    left join move
        on
            status.outcome_year = move.outcome_year
            and status.municipality_code = move.from_code
            and status.next_municipality_code = move.to_code
    left join departure
        on
            status.outcome_year = departure.outcome_year
            and status.emigration_event_id = departure.last_departure_event_id
)

select * from final
