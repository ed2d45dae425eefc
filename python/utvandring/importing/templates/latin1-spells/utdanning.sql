-- The level on 1 October is that of the last change up to that day; unknown from a change on: no row.
select year as periode, personid, padded(bu, 6) as nus2000
from {{ latest_on_day('f_utd_demografi', start="day_of(budato, 'yyyymmdd')", day='10-01') }}
where bu is not null
