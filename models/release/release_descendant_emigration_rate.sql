-- Grain: outcome_year, immigrant_group, dimension, category.
-- Purpose: marts.descendant_emigration_rate as it may leave the secure zone: small counts suppressed, others rounded,
-- rates computed from the rounded counts (docs/disclosure.md).
with

counted as (
    {{ shown_counts('descendant_emigration_rate') }}
),

final as (
    select
        * exclude (is_incomplete),
        emigrants_n is null as is_suppressed,
        {{ released_ratio('emigrants_n', 'residents_n', per=100) }} as emigration_rate,
        {{ released_ratio('first_emigrants_n', 'never_emigrated_n', per=100) }} as first_emigration_rate,
    from counted
)

select * from final
order by outcome_year, immigrant_group, dimension, category
