-- Of the labour immigrants who first came in 2006, how many are still resident, year by year, and who of them works?
select
    base_year,
    residence_years,
    count(*) as residents_n,
    round(100.0 * count(*) / first_value(count(*)) over (order by base_year), 1) as still_resident_percent,
    round(100.0 * count(*) filter (where is_employed) / count(*), 1) as employed_percent,
from marts.person_year
where
    is_immigrant
    and immigration_background = 'work'
    and first_immigration_year = 2006
    and base_year >= 2006
group by
    base_year,
    residence_years
order by base_year
