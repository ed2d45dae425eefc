-- The released rates, for the page on which they are explored.
-- depends_on: {{ ref('release_mobility_rate') }}
--
-- Grain: outcome_year, region_level, region_code, immigration_background, population, dimension, category.
with

mobility_rate as (
    select * from release.mobility_rate
),

final as (
    select
        outcome_year,
        region_level,
        region_code,
        immigration_background,
        population,
        dimension,
        category,
        residents_n,
        emigrants_n,
        internal_outmigrants_centrality_n,
        internal_outmigrants_county_n,
        emigration_rate,
        is_suppressed,
    from mobility_rate
    where not outcome_is_provisional
)

select * from final
order by outcome_year, region_level, region_code, immigration_background, population, dimension, category
