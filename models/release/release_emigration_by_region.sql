-- Grain: outcome_year, region_level, region_code, population, immigration_background.
-- Purpose: marts.emigration_by_region as it may leave the secure zone: small counts suppressed, others rounded, rates
-- computed from the rounded counts (docs/disclosure.md). Rates of the four years before pool the rounded counts, and
-- are NULL where one of the years is missing or suppressed.
--
-- Every combination of year, region, population and background has a row, whether or not anybody is in it.
with

counted as (
    {{ shown_counts('emigration_by_region') }}
),

compared as (
    select
        *,
        count(residents_n) over four_years_before = 4 as is_known_before,
        sum(residents_n) over four_years_before as residents_before_n,
        case when count(emigrants_n) over four_years_before = 4 then sum(emigrants_n) over four_years_before end
            as emigrants_before_n,
        case
            when count(internal_outmigrants_n) over four_years_before = 4
                then sum(internal_outmigrants_n) over four_years_before
        end as internal_outmigrants_before_n,
    from counted
    window four_years_before as (
        partition by region_level, region_code, population, immigration_background
        order by outcome_year
        range between 4 preceding and 1 preceding
    )
),

final as (
    select
        outcome_year,
        region_level,
        region_code,
        population,
        immigration_background,
        outcome_is_provisional,
        residents_n,
        emigrants_n,
        internal_outmigrants_n,
        internal_outmigrants_centrality_n,
        deaths_n,
        emigrants_n is null or internal_outmigrants_n is null as is_suppressed,
        {{ released_ratio('emigrants_n', 'residents_n', per=100) }} as emigration_rate,
        {{ released_ratio('internal_outmigrants_n', 'residents_n', per=100) }} as internal_outmigration_rate,
        {{ released_ratio('internal_outmigrants_centrality_n', 'residents_n', per=100) }}
            as internal_outmigration_centrality_rate,
        case
            when is_known_before
                then {{ released_ratio('emigrants_before_n', 'residents_before_n', per=100) }}
        end as emigration_rate_four_years_before,
        case
            when is_known_before
                then {{ released_ratio('internal_outmigrants_before_n', 'residents_before_n', per=100) }}
        end as internal_outmigration_rate_four_years_before,
    from compared
)

select * from final
order by outcome_year, region_level, region_code, population, immigration_background
