-- Grain: outcome_year, dimension, category.
-- Purpose: marts.emigration_rate_by_basis as it may leave the secure zone: small counts suppressed, others rounded, the
-- three rates side by side computed from the rounded counts (docs/disclosure.md).
with

shown as (
    select * from {{ ref('int_disclosure__question_shown') }}
    where table_name = 'emigration_rate_by_basis'
),

counted as (
    select
        outcome_year,
        dimension,
        category,
        outcome_is_provisional,
        {{ shown_item('residents_n') }} as residents_n,
        {{ shown_item('emigrants_n') }} as emigrants_n,
        {{ shown_item('administrative_n') }} as administrative_n,
        {{ shown_item('unknown_basis_n') }} as unknown_basis_n,
        {{ shown_item('residents_activity_n') }} as residents_activity_n,
        {{ shown_item('emigrants_activity_n') }} as emigrants_activity_n,
    from shown
    group by all
),

-- Without residents to relate them to, nothing of a row is shown.
whole as (
    select
        * replace (
            case when residents_n is not null then emigrants_n end as emigrants_n,
            case when residents_n is not null then administrative_n end as administrative_n,
            case when residents_n is not null then unknown_basis_n end as unknown_basis_n,
            case when residents_n is not null then residents_activity_n end as residents_activity_n,
            case when residents_n is not null then emigrants_activity_n end as emigrants_activity_n
        ),
    from counted
),

final as (
    select
        *,
        emigrants_n is null or administrative_n is null or emigrants_activity_n is null as is_suppressed,
        {{ released_ratio('administrative_n', 'emigrants_n', per=100) }} as administrative_share,
        {{ released_ratio('emigrants_n', 'residents_n', per=100) }} as emigration_rate_registered,
        {{ released_ratio('(emigrants_n - administrative_n)', '(residents_n - administrative_n)', per=100) }}
            as emigration_rate_without_administrative,
        {{ released_ratio('emigrants_activity_n', 'residents_activity_n', per=100) }}
            as emigration_rate_activity_dated,
    from whole
)

select * from final
order by outcome_year, dimension, category
