-- Grain: event_id: every registered move, exact repetitions removed.
-- Purpose: the events behind the person-years, whether or not the person was ever in the population at risk.
--
-- Every immigration that is not the first one (int_migration__first_immigration) is a re-immigration. Both are NULL for
-- a person without a known first immigration.
{{ config(materialized='incremental', meta={'year': 'year(event_date)'}) }}
with

event as (
    select * from {{ from_year('int_migration__event', 'year(event_date)') }}
),

basis as (
    select * from {{ from_year('int_migration__emigration_basis', 'emigration_year') }}
),

immigration as (
    select * from {{ from_year('int_migration__first_immigration', 'immigration_year') }}
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
            else immigration.is_first_immigration
        end as is_first_immigration,
        case
            when event.event_type <> 'immigration' then false
            else not immigration.is_first_immigration
        end as is_reimmigration,
    from event
    left join basis on event.event_id = basis.event_id
    left join immigration on event.event_id = immigration.event_id
)

select * from final
order by event_date, person_id, event_id
