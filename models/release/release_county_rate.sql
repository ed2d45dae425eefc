-- Grain: period, county_code, immigration_background, outcome.
-- Purpose: figures 5.14-5.19 from what is released: emigration and moves to another county, means of the yearly rates
-- of a period, every year weighing the same. A mean is shown if the rate is shown in every year of the period that was
-- delivered: a mean of the shown years alone would leave out the years with few movers, and be too high.
with

mobility_rate as (
    select * from {{ ref('release_mobility_rate') }}
),

municipality as (
    select * from {{ ref('municipality') }}
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

yearly as (
    select
        mobility_rate.region_code as county_code,
        mobility_rate.immigration_background,
        outcome.outcome,
        mobility_rate.outcome_year,
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
        period.period,
        yearly.county_code,
        county.county_name,
        yearly.immigration_background,
        yearly.outcome,
        count(*) as years_n,
        count(yearly.rate_percent) < count(*) as is_suppressed,
        case
            when count(yearly.rate_percent) = count(*) then avg(yearly.rate_percent order by yearly.outcome_year)
        end as mean_rate_percent,
    from yearly
    inner join period on yearly.outcome_year between period.first_year and period.last_year
    inner join county on yearly.county_code = county.county_code
    group by all
)

select * from final
order by period, county_code, immigration_background, outcome
