-- How many emigrations were decided by the authority rather than reported, and how long after the last sign of life?
select
    outcome_year,
    count(*) as emigrations_n,
    count(*) filter (where emigration_basis = 'administrative') as administrative_n,
    round(100.0 * count(*) filter (where emigration_basis = 'administrative') / count(*), 1) as administrative_percent,
    median(base_year - last_sign_of_life_year) filter (where emigration_basis = 'administrative')
        as median_silent_years,
from marts.person_year
where
    is_immigrant
    and outcome_municipality = 'emigration'
group by outcome_year
order by outcome_year
