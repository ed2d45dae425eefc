-- The status on every 1 January, one row for each person and year. The long file counts from a stated year on; the
-- day of the status is in the wide file only, and is the same whichever file the status is from.
with

wide as (
    select personid, year, regstatus as statuskode, day_of(regstatusdato, 'yyyymmdd') as status_day
    from {{ wide_to_rows('regstat_wide', {'regstatus': 'regstat_{yy}', 'regstatusdato': 'regstat_{yy}_dat'}, empty='drop') }}
),

long as (
    select personid, try_cast(aar as integer) as year, regstatus as statuskode
    from {{ one_row_per('regstat_long', ['personid', 'aar'], conflicting='refuse') }}
),

statuses as (
    select personid, year, statuskode from wide
    where year < {{ choice('status_from') }} and statuskode is not null

    union all

    select personid, year, statuskode from long
    where year >= {{ choice('status_from') }} and statuskode is not null
)

select statuses.personid, statuses.year, statuses.statuskode, wide.status_day
from statuses
left join wide on statuses.personid = wide.personid and statuses.year = wide.year
