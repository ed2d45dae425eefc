-- Figure 5.13: composition of the immigrants of each county by background, annual means 2004-2008 and 2009-2013.
-- depends_on: {{ ref('mobility_rate') }}
-- depends_on: {{ ref('municipality') }}
--
-- Shows: the share of the six backgrounds among the immigrants of a county. That the composition comes first in
--   5.13-5.19 is our choice of order.
-- Population: immigrants of all ages (our choice) resident at the start of the outcome year in one of the 19 counties
--   of 2013; unknown addresses and Svalbard are left out.
-- Definition: mean of the yearly shares, every year weighing the same; a background without residents counts as zero.
-- Grain: figure, period, county_code, immigration_background.
-- Columns: figure, period, county_code, county_name, immigration_background, years_n (years behind the mean),
--   mean_residents_n, mean_share_percent.
-- Read: in an average year of the period, mean_share_percent of the county's immigrants had this background.
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

background as (
    select unnest(['work', 'refuge', 'family', 'education', 'nordic', 'unknown']) as immigration_background
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
        everyone.county_code,
        everyone.outcome_year,
        background.immigration_background,
        coalesce(resident.residents_n, 0) as residents_n,
        100.0::double * coalesce(resident.residents_n, 0) / everyone.residents_n as share_percent,
    from resident as everyone
    inner join period on everyone.outcome_year between period.first_year and period.last_year
    cross join background
    left join resident
        on
            everyone.county_code = resident.county_code
            and everyone.outcome_year = resident.outcome_year
            and background.immigration_background = resident.immigration_background
    where everyone.immigration_background = 'all'
),

final as (
    select
        '5.13' as figure,
        yearly.period,
        yearly.county_code,
        county.county_name,
        yearly.immigration_background,
        count(*) as years_n,
        avg(yearly.residents_n) as mean_residents_n,
        avg(yearly.share_percent order by yearly.outcome_year) as mean_share_percent,
    from yearly
    inner join county on yearly.county_code = county.county_code
    group by all
)

select * from final
order by
    period,
    county_code,
    list_position(['work', 'refuge', 'family', 'education', 'nordic', 'unknown'], immigration_background)
