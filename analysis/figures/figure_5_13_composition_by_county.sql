-- Figure 5.13: composition of the immigrants of each county by background, annual means 2004-2008 and 2009-2013.
-- depends_on: {{ ref('release_county_composition') }}
--
-- Shows: the share of the six backgrounds among the immigrants of a county.
-- Population: immigrants of all ages (our choice) resident at the start of the outcome year in one of the 19 counties
--   of 2013; unknown addresses and Svalbard are left out.
-- Definition: mean of the yearly shares, every year weighing the same; empty where the count of one of the years is
--   withheld.
-- Grain: figure, period, county_code, immigration_background.
-- Columns: figure, period, county_code, county_name, immigration_background, years_n (years behind the mean),
--   mean_residents_n, mean_share_percent.
-- Read: in an average year of the period, mean_share_percent of the county's immigrants had this background.
with

county_composition as (
    select * from release.county_composition
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
    from county_composition
)

select * from final
order by period, county_code, immigration_background
