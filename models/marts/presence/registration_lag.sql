-- Grain: event_year, event_type, emigration_basis, lag_group.
-- Population: registered immigrations and emigrations.
-- Purpose: how long after a move it was registered, by year of the move: the distribution of the registration lag.
--
-- Moves whose registration is not dated are a group of their own. emigration_basis is all for immigrations, and for
-- emigrations all or one of the bases. Moves of the latest years that will be registered later are missing.
with

event as (
    select * from {{ ref('migration_event') }}
    where event_type in ('immigration', 'emigration')
),

grouped as (
    select
        year(event_date)::integer as event_year,
        event_type,
        emigration_basis,
        case
            when registration_lag_days is null then 'unknown'
            when registration_lag_days < 0 then 'in advance'
            when registration_lag_days <= 7 then '0-7'
            when registration_lag_days <= 30 then '8-30'
            when registration_lag_days <= 90 then '31-90'
            when registration_lag_days <= 365 then '91-365'
            else '366+'
        end as lag_group,
        count(*) as events_n,
    from event
    group by all
),

counted as (
    select
        grouped.event_year,
        grouped.event_type,
        basis.emigration_basis,
        grouped.lag_group,
        sum(grouped.events_n)::bigint as events_n,
    from
        grouped,
        lateral (values ('all'), (grouped.emigration_basis)) as basis (emigration_basis)
    where basis.emigration_basis is not null
    group by all
),

final as (
    select
        *,
        100.0::double * events_n / sum(events_n) over (partition by event_year, event_type, emigration_basis)
            as events_share,
    from counted
)

select * from final
order by event_year, event_type, emigration_basis, lag_group
