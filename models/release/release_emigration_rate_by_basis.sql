-- Grain: outcome_year, dimension, category.
-- Purpose: marts.emigration_rate_by_basis as it may leave the secure zone: small counts suppressed, others rounded, the
-- three rates side by side computed from the rounded counts (docs/disclosure.md).
with

counted as (
    {{ shown_counts('emigration_rate_by_basis') }}
),

final as (
    select
        * exclude (is_incomplete),
        emigrants_n is null or administrative_n is null or emigrants_activity_n is null as is_suppressed,
        {{ released_ratio('administrative_n', 'emigrants_n', per=100) }} as administrative_share,
        {{ released_ratio('emigrants_n', 'residents_n', per=100) }} as emigration_rate_registered,
        {{ released_ratio('(emigrants_n - administrative_n)', '(residents_n - administrative_n)', per=100) }}
            as emigration_rate_without_administrative,
        {{ released_ratio('emigrants_activity_n', 'residents_activity_n', per=100) }}
            as emigration_rate_activity_dated,
    from counted
)

select * from final
order by outcome_year, dimension, category
