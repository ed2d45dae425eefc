-- How long had emigrants been in Norway, by background? Years since the first immigration, which a later one does not
-- set back; immigrants of working age, all years together.
select
    immigration_background,
    count(*) as emigrants_n,
    median(residence_years) as median_residence_years,
    round(100.0 * count(*) filter (where residence_years <= 2) / count(*), 1) as within_two_years_percent,
from marts.person_year
where
    is_immigrant
    and age between 15 and 74
    and outcome_municipality = 'emigration'
group by immigration_background
order by immigration_background
