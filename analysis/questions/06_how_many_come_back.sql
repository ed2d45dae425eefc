-- How many emigrants have immigrated again within five years? Emigrations that can be followed for five years.
with

migration_event as (
    select * from marts.migration_event
),

emigration as (
    select
        person_id,
        event_date as left_on,
    from migration_event
    where
        event_type = 'emigration'
        and event_date < (select max(latest.event_date) - interval 5 year from migration_event as latest)
),

followed as (
    select
        emigration.person_id,
        emigration.left_on,
        min(immigration.event_date) as back_on,
    from emigration
    left join migration_event as immigration
        on
            emigration.person_id = immigration.person_id
            and immigration.event_type = 'immigration'
            and emigration.left_on < immigration.event_date
            and immigration.event_date <= emigration.left_on + interval 5 year
    group by all
)

select
    year(left_on) as emigration_year,
    count(*) as emigrations_n,
    count(back_on) as back_within_five_years_n,
    round(100.0 * count(back_on) / count(*), 1) as back_percent,
from followed
group by all
order by all
