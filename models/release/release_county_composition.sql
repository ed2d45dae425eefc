-- Grain: period, county_code, immigration_background.
-- Purpose: figure 5.13 from what is released: composition of the immigrants of each county by background, means of the
-- yearly shares of a period. A share is shown if the count is shown in every year of the period that was delivered.
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

resident as (
    select
        region_code as county_code,
        outcome_year,
        immigration_background,
        residents_n,
    from mobility_rate
    where
        region_level = 'county'
        and population = 'all'
        and dimension = 'none'
        and not outcome_is_provisional
),

yearly as (
    select
        period.period,
        one.county_code,
        one.outcome_year,
        one.immigration_background,
        one.residents_n,
        100.0::double * one.residents_n / everyone.residents_n as share_percent,
    from resident as one
    inner join resident as everyone
        on
            one.county_code = everyone.county_code
            and one.outcome_year = everyone.outcome_year
            and everyone.immigration_background = 'all'
    inner join period on one.outcome_year between period.first_year and period.last_year
    where one.immigration_background <> 'all'
),

final as (
    select
        yearly.period,
        yearly.county_code,
        county.county_name,
        yearly.immigration_background,
        count(*) as years_n,
        count(yearly.share_percent) < count(*) as is_suppressed,
        case
            when count(yearly.share_percent) = count(*)
                then avg(yearly.residents_n order by yearly.outcome_year)
        end as mean_residents_n,
        case
            when count(yearly.share_percent) = count(*)
                then avg(yearly.share_percent order by yearly.outcome_year)
        end as mean_share_percent,
    from yearly
    inner join county on yearly.county_code = county.county_code
    group by all
)

select * from final
order by period, county_code, immigration_background
