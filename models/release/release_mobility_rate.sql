-- Grain: outcome_year, region_level, region_code, immigration_background, population, dimension, category.
-- Purpose: marts.mobility_rate as it may leave the secure zone: small counts suppressed, others rounded, rates computed
-- from the rounded counts (docs/disclosure.md).
--
-- Every combination of year, region, background and category has a row, so that one without persons looks like one
-- with few: its counts are NULL. Categories that hold fewer persons than the threshold in the whole country are absent.
-- By centrality class there is everybody only (dimension none), by the counties of 2020 and 2024 nothing.
-- Moves between centrality levels are NULL after outcome year 2017 as in the mart, which is no suppression.
with

counted as (
    {{ shown_counts('mobility_rate') }}
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
        outcome_is_provisional,
        residents_n,
        emigrants_n,
        internal_outmigrants_centrality_n,
        internal_outmigrants_county_n,
        deaths_n,
        unaccounted_n,
        residents_n is null
        or emigrants_n is null
        or internal_outmigrants_county_n is null
        or (
            internal_outmigrants_centrality_n is null
            and outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
        ) as is_suppressed,
        {{ released_ratio('emigrants_n', 'residents_n', per=100) }} as emigration_rate,
        {{ released_ratio('internal_outmigrants_centrality_n', 'residents_n', per=100) }}
            as internal_outmigration_centrality_rate,
        {{ released_ratio('internal_outmigrants_county_n', 'residents_n', per=100) }}
            as internal_outmigration_county_rate,
    from counted
)

select * from final
order by outcome_year, region_level, region_code, immigration_background, population, dimension, category
