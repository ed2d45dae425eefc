-- The areas that are counted to protect counties are all of each county of each division, and nothing else.
with

counted as (
    select * from {{ ref('int_disclosure__mobility_area') }}
    where dimension = 'none'
),

of_areas as (
    select
        counted.outcome_year,
        county.region_level,
        county.region_code,
        counted.immigration_background,
        counted.population,
        sum(counted.residents_n) as residents_n,
        sum(counted.emigrants_n) as emigrants_n,
    from
        counted,
        lateral (
            values
            ('county', split_part(counted.region_code, '-', 1)),
            ('county_2020', split_part(counted.region_code, '-', 2)),
            ('county_2024', split_part(counted.region_code, '-', 3))
        ) as county (region_level, region_code)
    where counted.region_level = 'county_area'
    group by all
),

of_counties as (
    select * from counted
    where region_level in ('county', 'county_2020', 'county_2024')
)

select
    outcome_year,
    region_level,
    region_code,
    immigration_background,
    population,
    of_areas.residents_n as residents_of_areas_n,
    of_counties.residents_n as residents_of_county_n,
from of_areas
full join of_counties using (outcome_year, region_level, region_code, immigration_background, population)
where
    of_areas.residents_n is distinct from of_counties.residents_n
    or of_areas.emigrants_n is distinct from of_counties.emigrants_n
