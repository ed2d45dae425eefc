-- Grain: basis, event_year, development_year.
-- Purpose: the emigrations of a year that were known after each number of years: the delay triangle.
--
-- registration: emigrations of the current files that had been registered by the end of the year development_year years
-- after the event. An emigration without a date of registration counts as registered at once. Only whole years of
-- registration count.
-- delivery: emigrations of the year in the files that were current after a delivery, also in a file of a later period
-- that brought events registered late. development_year is the year in which the delivery was produced, less the event
-- year. Of several deliveries in a year the last one counts.
with

event as (
    select * from {{ ref('int_migration__event') }}
    where event_type = 'emigration'
),

file as (
    select * from {{ ref('stg_deliveries__file') }}
    where register = 'flytting'
),

version as (
    select distinct * from {{ ref('stg_flytting__version') }}
    where event_type = 'emigration'
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

registered as (
    select
        year(event_date)::integer as event_year,
        greatest(year(coalesce(registered_date, event_date)) - year(event_date), 0)::integer as lag_years,
        count(*) as emigrations_n,
    from event
    group by all
),

by_registration as (
    select
        'registration' as basis,
        registered.event_year,
        (calendar.calendar_year - registered.event_year)::integer as development_year,
        sum(registered.emigrations_n) as emigrations_n,
    from registered
    inner join calendar
        on registered.event_year + registered.lag_years <= calendar.calendar_year
    where calendar.has_migration
    group by all
),

delivery as (
    select
        year(produced_on)::integer as produced_year,
        max(arrival) as arrival,
    from file
    where produced_on is not null
    group by year(produced_on)
),

current_after as (
    select
        delivery.produced_year,
        file.period,
        file.version,
        file.arrival,
    from delivery
    inner join file on delivery.arrival >= file.arrival
    qualify
        row_number() over (
            partition by delivery.arrival, file.period
            order by file.version desc, file.arrival, file.path
        ) = 1
),

-- An event that is in two files counts once.
known_after as (
    select distinct
        current_after.produced_year,
        year(version.event_date) as event_year,
        version.* exclude (period, version, arrival),
    from current_after
    inner join version
        on
            current_after.period = version.period
            and current_after.version = version.version
            and current_after.arrival = version.arrival
),

counted as (
    select
        produced_year,
        event_year,
        count(*) as emigrations_n,
    from known_after
    group by all
),

by_delivery as (
    select
        'delivery' as basis,
        current_after.period as event_year,
        current_after.produced_year - current_after.period as development_year,
        coalesce(counted.emigrations_n, 0) as emigrations_n,
    from current_after
    left join counted
        on
            current_after.produced_year = counted.produced_year
            and current_after.period = counted.event_year
),

final as (
    select * from by_registration
    union all
    select * from by_delivery
)

select * from final
