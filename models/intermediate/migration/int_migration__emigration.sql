-- Grain: event_id of emigrations.
-- Purpose: emigrations with the date on which the person came back, if ever: the first immigration after it in order
-- of date and registration. On one day, with nothing to tell the order, a person leaves before coming back.
with

event as (
    select * from {{ ref('int_migration__event') }}
    where event_type in ('emigration', 'immigration')
),

ordered as (
    select
        *,
        min(case when event_type = 'immigration' then event_date end) over (
            partition by person_id
            order by event_date, registered_date nulls last, event_type, event_id
            rows between 1 following and unbounded following
        ) as return_date,
    from event
),

final as (
    select
        event_id,
        person_id,
        event_date,
        registered_date,
        to_country,
        return_date,
    from ordered
    where event_type = 'emigration'
)

select * from final
