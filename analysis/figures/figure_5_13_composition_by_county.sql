-- Figure 5.13: composition of the immigrants of each county by background, annual means 2004-2008 and 2009-2013.
-- depends_on: {{ ref('release_county_composition') }}
-- depends_on: {{ ref('release_mobility_rate') }}
--
-- Shows: the share of the six backgrounds among the immigrants of a county.
-- Population: immigrants of all ages (our choice) resident at the start of the outcome year in one of the 19 counties
--   of 2013; unknown addresses and Svalbard are left out.
-- Definition: mean of the yearly shares, every year weighing the same; empty where the count of one of the years is
--   withheld.
--   The whole country (county_code 0) stands beside them, with unknown addresses and Svalbard.
-- Grain: figure, period, county_code, immigration_background.
-- Columns: figure, period, county_code, county_name, immigration_background, years_n (years behind the mean),
--   mean_residents_n, mean_share_percent.
-- Read: in an average year of the period, mean_share_percent of the county's immigrants had this background.
with

county_composition as (
    select * from release.county_composition
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
        case when one.outcome_year <= 2008 then '2004-2008' else '2009-2013' end as period,
        one.outcome_year,
        one.immigration_background,
        one.residents_n,
        100.0::double * one.residents_n / everyone.residents_n as share_percent,
    from mobility_rate as one
    inner join mobility_rate as everyone
        on
            one.outcome_year = everyone.outcome_year
            and everyone.immigration_background = 'all'
    where one.immigration_background <> 'all'
),

national as (
    select
        period,
        '0' as county_code,
        'Hele landet' as county_name,
        immigration_background,
        count(*) as years_n,
        case when count(share_percent) = count(*) then avg(residents_n order by outcome_year) end as mean_residents_n,
        case when count(share_percent) = count(*) then avg(share_percent order by outcome_year) end
            as mean_share_percent,
    from national_year
    group by period, immigration_background
),

shown as (
    select * exclude (is_suppressed) from county_composition
    union all by name
    select * from national
),

final as (
    select
        '5.13' as figure,
        period,
        county_code,
        county_name,
        immigration_background,
        years_n,
        mean_residents_n,
        mean_share_percent,
    from shown
)

select * from final
order by period, county_code, immigration_background
