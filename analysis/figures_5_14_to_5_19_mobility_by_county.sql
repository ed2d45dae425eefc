-- Figures 5.14-5.19: emigration and internal out-migration by county, annual means 2004-2008 and 2009-2013.
-- depends_on: {{ ref('mobility_rate') }}
-- depends_on: {{ ref('municipality') }}
--
-- Shows: one background a figure, both rates, in the order work, refuge, family, education, nordic, unknown. The order
--   of the figures within the block is ours.
-- Population: immigrants of all ages (our choice) resident at the start of the outcome year in one of the 19 counties
--   of 2013; unknown addresses and Svalbard are left out.
-- Definition: per 100 residents of the county at the start of the year (2.1.4), internal moves are to another county;
--   mean of the yearly rates, every year weighing the same (not pooled). A year without residents has no rate.
-- Grain: figure, period, county_code, outcome.
-- Columns: figure, period, county_code, county_name, immigration_background, outcome (emigration,
--   internal_outmigration), years_n (years behind the mean), mean_residents_n, mean_rate_percent.
-- Read: in an average year of the period, mean_rate_percent of the county's residents of this background left it so.
with

mobility_rate as (
    select * from marts.mobility_rate
),

municipality as (
    select * from marts.municipality
),

county as (
    select distinct
        county_code,
        county_name,
    from municipality
),

period as (
    select *
    from (
        values
        ('2004-2008', 2004, 2008),
        ('2009-2013', 2009, 2013)
    ) as period (period, first_year, last_year)
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

yearly as (
    select
        mobility_rate.region_code as county_code,
        mobility_rate.immigration_background,
        outcome.outcome,
        mobility_rate.outcome_year,
        mobility_rate.residents_n,
        outcome.rate_percent,
    from
        mobility_rate,
        lateral (
            values
            ('emigration', mobility_rate.emigration_rate),
            ('internal_outmigration', mobility_rate.internal_outmigration_county_rate)
        ) as outcome (outcome, rate_percent)
    where
        mobility_rate.region_level = 'county'
        and mobility_rate.population = 'all'
        and mobility_rate.dimension = 'none'
        and not mobility_rate.outcome_is_provisional
),

final as (
    select
        figure.figure,
        period.period,
        yearly.county_code,
        county.county_name,
        yearly.immigration_background,
        yearly.outcome,
        count(*) as years_n,
        avg(yearly.residents_n) as mean_residents_n,
        avg(yearly.rate_percent order by yearly.outcome_year) as mean_rate_percent,
    from yearly
    inner join figure on yearly.immigration_background = figure.immigration_background
    inner join period on yearly.outcome_year between period.first_year and period.last_year
    inner join county on yearly.county_code = county.county_code
    group by all
)

select * from final
order by
    figure,
    period,
    county_code,
    outcome
