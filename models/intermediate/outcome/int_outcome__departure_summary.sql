-- Grain: person_id, outcome_year.
-- Purpose: what the departures of a year say together: the last one (of several on one day the one registered
-- first), and whether the person was abroad at death, came back within the year, or was gone when it ended.
--
-- What decides an outcome is here as a whole, so that person-years need not be built again where it did not change.
{{ config(meta={'year': 'outcome_year'}) }}
with

basis as (
    select * from {{ ref('int_migration__emigration_basis') }}
),

departure as (
    select
        departure.*,
        basis.emigration_basis,
        basis.emigration_basis_source,
        make_date(departure.outcome_year, 1, 1) as first_day,
        make_date(departure.outcome_year + 1, 1, 1) as next_january,
    from {{ ref('int_outcome__departure') }} as departure
    left join basis on departure.event_id = basis.event_id
),

summarised as (
    select
        person_id,
        outcome_year,
        first(departure order by event_date desc, registered_date asc nulls last, event_id) as last_departure,
        coalesce(bool_or(death_date <= next_january and coalesce(return_date > death_date, true)), false)
            as is_abroad_at_death,
        bool_or(
            event_date >= first_day and event_date < next_january and coalesce(return_date <= next_january, false)
        ) as has_returned_within_year,
        bool_or(coalesce(return_date > next_january, true)) as is_gone_at_end,
    from departure
    group by person_id, outcome_year
),

final as (
    select
        summarised.person_id,
        summarised.outcome_year,
        summarised.last_departure.event_id as last_departure_event_id,
        summarised.last_departure.event_date as emigration_date,
        summarised.last_departure.registered_date as emigration_registered_date,
        summarised.last_departure.to_country as emigration_country,
        summarised.last_departure.emigration_basis,
        summarised.last_departure.emigration_basis_source,
        summarised.is_abroad_at_death,
        summarised.has_returned_within_year,
        summarised.is_gone_at_end,
    from summarised
)

select * from final
