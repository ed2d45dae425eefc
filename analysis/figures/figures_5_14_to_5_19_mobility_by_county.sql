-- Figures 5.14-5.19: emigration and internal out-migration by county, annual means 2004-2008 and 2009-2013.
-- depends_on: {{ ref('release_county_rate') }}
-- depends_on: {{ ref('release_mobility_rate') }}
--
-- Shows: one background a figure, both rates, in the order work, refuge, family, education, nordic, unknown.
-- Population: immigrants of all ages (our choice) resident at the start of the outcome year in one of the 19 counties
--   of 2013; unknown addresses and Svalbard are left out.
-- Definition: per 100 residents of the county at the start of the year (2.1.4), internal moves are to another county;
--   mean of the yearly rates, every year weighing the same (not pooled); empty where the rate of one of the years is
--   withheld.
--   The whole country (county_code 0) stands beside them, with unknown addresses and Svalbard.
-- Grain: figure, period, county_code, outcome.
-- Columns: figure, period, county_code, county_name, immigration_background, outcome (emigration,
--   internal_outmigration), years_n (years behind the mean), mean_rate_percent.
-- Read: in an average year of the period, mean_rate_percent of the county's residents of this background left it so.
with

county_rate as (
    select * from release.county_rate
),

mobility_rate as (
    select * from release.mobility_rate
    where
        region_level = 'country'
        and population = 'all'
        and dimension = 'none'
        and outcome_year between 2004 and 2013
        and not outcome_is_provisional
),

national_year as (
    select
        case when mobility_rate.outcome_year <= 2008 then '2004-2008' else '2009-2013' end as period,
        mobility_rate.outcome_year,
        mobility_rate.immigration_background,
        outcome.outcome,
        outcome.rate_percent,
    from
        mobility_rate,
        lateral (
            values
            ('emigration', mobility_rate.emigration_rate),
            ('internal_outmigration', mobility_rate.internal_outmigration_county_rate)
        ) as outcome (outcome, rate_percent)
),

national as (
    select
        period,
        '0' as county_code,
        'Hele landet' as county_name,
        immigration_background,
        outcome,
        count(*) as years_n,
        case when count(rate_percent) = count(*) then avg(rate_percent order by outcome_year) end as mean_rate_percent,
    from national_year
    group by period, immigration_background, outcome
),

shown as (
    select * exclude (is_suppressed) from county_rate
    union all by name
    select * from national
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
        shown.period,
        shown.county_code,
        shown.county_name,
        shown.immigration_background,
        shown.outcome,
        shown.years_n,
        shown.mean_rate_percent,
    from figure
    inner join shown on figure.immigration_background = shown.immigration_background
)

select * from final
order by figure, period, county_code, outcome
