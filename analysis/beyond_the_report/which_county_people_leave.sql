-- Moves out of every county, abroad and to other counties, in each year beside the four years before (Oslo 2020).
-- depends_on: {{ ref('emigration_by_region') }}
-- depends_on: {{ ref('municipality') }}
--
-- Population: residents of the county at the start of the year: all, immigrants, children of immigrants, others.
-- Definition: per 100 residents; the four years before are pooled. A ratio above 1: more than before.
-- Grain: outcome_year, county_code, population.
-- Columns: outcome_year, county_code, county_name, population, residents_n, emigration_rate,
--   emigration_rate_four_years_before, emigration_ratio, internal_outmigration_rate,
--   internal_outmigration_rate_four_years_before, internal_outmigration_ratio.
-- Read: in the year emigration_rate per cent left the county for abroad, emigration_ratio times as many as before.
with

region as (
    select * from marts.emigration_by_region
    where
        region_level = 'county'
        and immigration_background = 'all'
        and not outcome_is_provisional
),

county as (
    select distinct
        county_code,
        county_name,
    from marts.municipality
),

final as (
    select
        region.outcome_year,
        region.region_code as county_code,
        county.county_name,
        region.population,
        region.residents_n,
        region.emigration_rate,
        region.emigration_rate_four_years_before,
        region.emigration_rate / nullif(region.emigration_rate_four_years_before, 0) as emigration_ratio,
        region.internal_outmigration_rate,
        region.internal_outmigration_rate_four_years_before,
        region.internal_outmigration_rate / nullif(region.internal_outmigration_rate_four_years_before, 0)
            as internal_outmigration_ratio,
    from region
    inner join county on region.region_code = county.county_code
)

select * from final
order by outcome_year, county_code, population
