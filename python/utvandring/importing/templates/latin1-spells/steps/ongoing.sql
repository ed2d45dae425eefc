-- Courses that go on
select personid, tilgdato, avgdato
from f_utd_kurs
where rectype = '1'
