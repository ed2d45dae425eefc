-- Grain: outcome_year, region_level, from_region, to_region, dimension, category.
-- Purpose: marts.migration_flow as it may leave the secure zone: small counts suppressed, others rounded
-- (docs/disclosure.md). Everybody who was in a region on one of the 1 Januaries, with totals: all, other_region (the
-- other counties and territories together) and abroad.
--
-- Every combination of year, region and place has a row, whether or not anybody is in it.
with

counted as (
    {{ shown_counts('migration_flow') }}
),

final as (
    select
        outcome_year,
        region_level,
        from_region,
        to_region,
        dimension,
        category,
        persons_n,
        persons_n is null as is_suppressed,
    from counted
)

select * from final
order by outcome_year, region_level, from_region, to_region, dimension, category
