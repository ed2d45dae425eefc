-- Grain: event_year; event_type, emigration_basis, lag_group or basis, development_year.
-- Purpose: the counts of marts.registration_lag, with totals over the lags and with zeros, and of
-- marts.emigration_revision: moves by year, in one block a year since both count the same emigrations.
with

registration_lag as (
    select * from {{ ref('registration_lag') }}
),

emigration_revision as (
    select * from {{ ref('emigration_revision') }}
),

lag_count as (
    select
        registration_lag.event_year,
        registration_lag.event_type,
        registration_lag.emigration_basis,
        lag.lag_group,
        sum(registration_lag.events_n)::bigint as n,
    from
        registration_lag,
        lateral (values ('all'), (registration_lag.lag_group)) as lag (lag_group)
    group by all
),

years as (
    select distinct
        event_year,
        event_type,
    from lag_count
    where not {{ is_small('n') }}
),

category as (
    select distinct
        basis.event_type,
        basis.emigration_basis,
        lag.lag_group,
    from lag_count as basis
    inner join lag_count as lag on basis.event_type = lag.event_type
    where
        basis.lag_group = 'all'
        and not {{ is_small('basis.n') }}
        and lag.emigration_basis = 'all'
        and not {{ is_small('lag.n') }}
),

complete as (
    select
        years.event_year,
        category.*,
        coalesce(lag_count.n, 0) as n,
    from years
    inner join category on years.event_type = category.event_type
    left join lag_count
        on
            years.event_year = lag_count.event_year
            and category.event_type = lag_count.event_type
            and category.emigration_basis = lag_count.emigration_basis
            and category.lag_group = lag_count.lag_group
),

counted as (
    select
        {{ question_cell_id(
            'registration_lag', ['event_year', 'event_type', 'emigration_basis', 'lag_group']
        ) }} as cell_id,
        *,
        'events_n' as item,
    from complete
    union all by name
    select
        {{ question_cell_id('emigration_revision', ['basis', 'event_year', 'development_year']) }} as cell_id,
        event_year,
        basis,
        development_year,
        'emigrations_n' as item,
        emigrations_n as n,
    from emigration_revision
),

final as (
    select
        concat('registration ', event_year) as block_id,
        'persons_n' as measure,
        *,
    from counted
)

select * from final
