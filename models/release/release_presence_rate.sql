-- Grain: base_year, dimension, category.
-- Purpose: marts.presence_rate as it may leave the secure zone: small counts suppressed, others rounded, rates computed
-- from the rounded counts (docs/disclosure.md). A value that is unknown in a year is NULL as in the mart, which is no
-- suppression.
with

counted as (
    {{ shown_counts('presence_rate') }}
),

final as (
    select
        * exclude (is_incomplete),
        is_incomplete as is_suppressed,
        {{ released_ratio('silent_1_year_n', 'residents_n', per=100) }} as silent_1_year_rate,
        {{ released_ratio('silent_2_years_n', 'residents_n', per=100) }} as silent_2_years_rate,
        {{ released_ratio('silent_3_years_n', 'residents_n', per=100) }} as silent_3_years_rate,
    from counted
)

select * from final
order by base_year, dimension, category
