-- Figures B.20 to B.22: emigration of immigrants by the counties of 2013, 2020 and 2024 in the last year with known
-- outcomes: the same person-years in three divisions.
-- depends_on: {{ ref('release_mobility_rate') }}
--
-- Grain: figure, population, county_code, outcome_year. Codes 03, 11, 15 and 18 are in all three divisions, with other
-- borders.
with

mobility_rate as (
    select * from release.mobility_rate
),

division as (
    from (values ('B.20', 'county'), ('B.21', 'county_2020'), ('B.22', 'county_2024')) as named (figure, region_level)
),

final as (
    select
        division.figure,
        rate.population,
        rate.region_code as county_code,
        rate.outcome_year,
        rate.emigration_rate as rate_percent,
    from mobility_rate as rate
    inner join division on rate.region_level = division.region_level
    where
        rate.dimension = 'none'
        and rate.immigration_background = 'all'
        and rate.population in ('all', 'age_20_35')
        and not rate.outcome_is_provisional
    qualify rate.outcome_year = max(rate.outcome_year) over ()
)

select * from final
order by figure, population, county_code
