-- Grain: person_id, base_year.
-- Purpose: one outcome per person-year at four region levels (2.1.4): movers are counted, not moves.
-- An emigration that the next January contradicts leaves the emigration columns NULL.
with

status as (
    select * from {{ ref('int_outcome__status') }}
),

move as (
    select * from {{ ref('int_municipality__move') }}
),

emigration as (
    select * from {{ ref('int_migration__emigration') }}
),

basis as (
    select * from {{ ref('int_migration__emigration_basis') }}
),

final as (
    select
        status.person_id,
        status.base_year,
        status.outcome_year,
        status.family_id,
        status.municipality_code,
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
        emigration.event_date as emigration_date,
        emigration.registered_date as emigration_registered_date,
        emigration.to_country as emigration_country,
        basis.emigration_basis,
        basis.emigration_basis_source,
    from status
    left join move
        on
            status.outcome_year = move.outcome_year
            and status.municipality_code = move.from_code
            and status.next_municipality_code = move.to_code
    left join emigration on status.emigration_event_id = emigration.event_id
    left join basis on status.emigration_event_id = basis.event_id
)

select * from final
