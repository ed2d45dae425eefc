-- Which backgrounds emigrate most, and has that changed? Immigrants of all ages, whole country; marts.mobility_rate.
select
    outcome_year,
    immigration_background,
    residents_n,
    emigrants_n,
    round(emigration_rate, 1) as emigration_percent,
from marts.mobility_rate
where
    region_level = 'country'
    and population = 'all'
    and dimension = 'none'
    and immigration_background <> 'all'
order by
    outcome_year,
    emigration_rate desc,
    immigration_background
