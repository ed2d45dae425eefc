-- The histories of one person in ten thousand.
select *
from person_year
where person_id in (select person_id from person_year where base_year = 2010 and hash(person_id) % 10000 = 0)
order by person_id, base_year
