-- The level on 1 October is that of the last change up to September; unknown from a change on: no row.
select year as periode, personid, bu as nus2000
from {{ latest_on_day('f_utd_demografi', start="day_of_month(budato, 'first')", day='10-01') }}
where bu is not null
