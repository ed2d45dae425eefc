-- Figures 5.14-5.19: emigration and internal out-migration by county, annual means 2004-2008 and 2009-2013.
-- depends_on: {{ ref('release_county_rate') }}
--
-- Shows: one background a figure, both rates, in the order work, refuge, family, education, nordic, unknown.
-- Population: immigrants of all ages (our choice) resident at the start of the outcome year in one of the 19 counties
--   of 2013; unknown addresses and Svalbard are left out.
-- Definition: per 100 residents of the county at the start of the year (2.1.4), internal moves are to another county;
--   mean of the yearly rates, every year weighing the same (not pooled); empty where the rate of one of the years is
--   withheld.
-- Grain: figure, period, county_code, outcome.
-- Columns: figure, period, county_code, county_name, immigration_background, outcome (emigration,
--   internal_outmigration), years_n (years behind the mean), mean_rate_percent.
-- Read: in an average year of the period, mean_rate_percent of the county's residents of this background left it so.
with

county_rate as (
    select * from release.county_rate
),

figure as (
    select *
    from (
        values
        ('5.14', 'work'),
        ('5.15', 'refuge'),
        ('5.16', 'family'),
        ('5.17', 'education'),
        ('5.18', 'nordic'),
        ('5.19', 'unknown')
    ) as figure (figure, immigration_background)
),

final as (
    select
        figure.figure,
        county_rate.period,
        county_rate.county_code,
        county_rate.county_name,
        county_rate.immigration_background,
        county_rate.outcome,
        county_rate.years_n,
        county_rate.mean_rate_percent,
    from figure
    inner join county_rate on figure.immigration_background = county_rate.immigration_background
)

select * from final
order by figure, period, county_code, outcome
