-- To which countries do immigrants emigrate, and how many go back to where they were born? All years together.
select
    emigration_country,
    count(*) as emigrants_n,
    count(*) filter (where emigration_country = country_of_birth) as to_country_of_birth_n,
from marts.person_year
where
    is_immigrant
    and outcome_municipality = 'emigration'
group by emigration_country
order by
    emigrants_n desc,
    emigration_country
limit 20
