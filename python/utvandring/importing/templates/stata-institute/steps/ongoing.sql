-- Courses that go on, by the months in which they begin and end
select
    personid,
    day_of_month(left(tilgdato, 6), 'first') as first_day,
    day_of_month(left(avgdato, 6), 'last') as last_day,
from f_utd_kurs
where rectype = '1'
