-- Grain: base_year, spec, scope_type, scope_code, outcome, term.
-- Purpose: estimates.linear_probability as it may leave the secure zone: an estimate is withheld where its category or
-- the reference category holds too few persons or events; others are rounded (docs/disclosure.md).
with

linear_probability as (
    select * from {{ ref('linear_probability') }}
),

term_count as (
    select * from {{ ref('int_disclosure__linear_probability_term') }}
),

judged as (
    select
        linear_probability.*,
        case
            when linear_probability.estimate is null then 'not_fitted'
            else {{ withheld_reason('term_count.persons_n', 'term_count.events_n') }}
        end as withheld_reason,
    from linear_probability
    left join term_count
        on
            linear_probability.base_year = term_count.base_year
            and linear_probability.spec = term_count.spec
            and linear_probability.scope_type = term_count.scope_type
            and linear_probability.scope_code = term_count.scope_code
            and linear_probability.outcome = term_count.outcome
            and linear_probability.term = term_count.term
),

final as (
    select
        base_year,
        spec,
        scope_type,
        scope_code,
        outcome,
        term,
        {{ released_estimate('estimate', 'withheld_reason') }} as estimate,
        {{ released_estimate('std_error', 'withheld_reason') }} as std_error,
        {{ released_estimate('statistic', 'withheld_reason', decimals=2) }} as statistic,
        {{ released_estimate('p_value', 'withheld_reason') }} as p_value,
        {{ released_estimate('conf_low', 'withheld_reason') }} as conf_low,
        {{ released_estimate('conf_high', 'withheld_reason') }} as conf_high,
        {{ released_estimate('std_error_hc1', 'withheld_reason') }} as std_error_hc1,
        {{ released_count('n_obs') }} as n_obs,
        withheld_reason,
        table_id,
        published_estimate,
        published_t_value,
        published_n_obs,
        calibration_use,
        {{ released_estimate('standardised_difference', 'withheld_reason', decimals=2) }} as standardised_difference,
    from judged
)

select * from final
order by base_year, spec, scope_type, scope_code, outcome, term
