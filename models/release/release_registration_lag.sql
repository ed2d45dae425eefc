-- Grain: event_year, event_type, emigration_basis, lag_group.
-- Purpose: marts.registration_lag as it may leave the secure zone, with all lags together as lag_group all: small
-- counts suppressed, others rounded, shares computed from the rounded counts (docs/disclosure.md).
with

shown as (
    select * from {{ ref('int_disclosure__question_shown') }}
    where table_name = 'registration_lag'
),

final as (
    select
        lag.event_year,
        lag.event_type,
        lag.emigration_basis,
        lag.lag_group,
        lag.shown_n as events_n,
        lag.shown_n is null or whole.shown_n is null as is_suppressed,
        {{ released_ratio('lag.shown_n', 'whole.shown_n', per=100) }} as events_share,
    from shown as lag
    inner join shown as whole
        on
            lag.event_year = whole.event_year
            and lag.event_type = whole.event_type
            and lag.emigration_basis = whole.emigration_basis
            and whole.lag_group = 'all'
)

select * from final
order by event_year, event_type, emigration_basis, lag_group
