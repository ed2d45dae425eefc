-- What may be shown outside: emigration by county and background in the last year that is not provisional, from the
-- released table. An empty count is a withheld one.
select
    municipality.county_name,
    rate.immigration_background,
    rate.residents_n,
    rate.emigrants_n,
    round(rate.emigration_rate, 1) as emigration_percent,
from release.mobility_rate as rate
inner join (
    select distinct
        county_code,
        county_name,
    from marts.municipality
) as municipality
    on rate.region_code = municipality.county_code
where
    rate.region_level = 'county'
    and rate.population = 'all'
    and rate.dimension = 'none'
    and rate.outcome_year = (
        select max(outcome_year) from release.mobility_rate
        where not outcome_is_provisional
    )
order by
    municipality.county_name,
    rate.immigration_background
