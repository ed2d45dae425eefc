-- Grain: period, region_level, region_code.
-- Purpose: the counties of three divisions in marts.emigration_by_division as they may leave the secure zone: small
-- counts suppressed, others rounded, rates computed from the rounded counts (docs/disclosure.md). Areas stay inside.
with

counted as (
    {{ shown_counts('emigration_by_division') }}
),

county as (
    select * from {{ ref('county') }}
),

final as (
    select
        counted.period,
        counted.region_level,
        counted.region_code,
        county.county_name,
        counted.residents_n,
        counted.emigrants_n,
        counted.is_incomplete as is_suppressed,
        {{ released_ratio('counted.emigrants_n', 'counted.residents_n', per=100) }} as emigration_rate,
    from counted
    inner join county on counted.region_code = county.county_code
)

select * from final
order by period, region_level, region_code
