-- Map M.2: emigration of immigrants by county, annual mean 2009-2013.
-- depends_on: {{ ref('release_county_rate') }}
--
-- Shows: all backgrounds together; figures 5.14-5.19 have them one by one, with internal moves and the period before.
-- Population: immigrants of all ages (our choice) resident at the start of the outcome year in one of the 19 counties.
-- Definition: per 100 residents of the county at the start of the year (2.1.4); mean of the yearly rates, every year
--   weighing the same; empty where the rate of one of the years is withheld.
-- Grain: figure, county_code.
-- Columns: figure, county_code, county_name, outcome (emigration), years_n (years behind the mean), mean_rate_percent.
-- Read: in an average year of 2009-2013 mean_rate_percent of the county's immigrants emigrated.
with

county_rate as (
    select * from release.county_rate
),

final as (
    select
        'M.2' as figure,
        county_code,
        county_name,
        outcome,
        years_n,
        mean_rate_percent,
    from county_rate
    where
        immigration_background = 'all'
        and outcome = 'emigration'
        and period = '2009-2013'
)

select * from final
order by county_code
