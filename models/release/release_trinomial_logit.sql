-- Grain: base_year, model_type, centrality_level, sex, equation, term.
-- Purpose: estimates.trinomial_logit as it may leave the secure zone: an estimate is withheld where its category or the
-- reference category holds too few persons or events; others are rounded (docs/disclosure.md).
with

trinomial_logit as (
    select * from {{ ref('trinomial_logit') }}
),

term_count as (
    select * from {{ ref('int_disclosure__trinomial_logit_term') }}
),

judged as (
    select
        trinomial_logit.*,
        case
            when trinomial_logit.estimate is null then 'not_fitted'
            else {{ withheld_reason('term_count.persons_n', 'term_count.events_n') }}
        end as withheld_reason,
    from trinomial_logit
    left join term_count
        on
            trinomial_logit.base_year = term_count.base_year
            and trinomial_logit.model_type = term_count.model_type
            and trinomial_logit.centrality_level is not distinct from term_count.centrality_level
            and trinomial_logit.sex is not distinct from term_count.sex
            and trinomial_logit.equation = term_count.equation
            and trinomial_logit.term = term_count.term
),

final as (
    select
        base_year,
        model_type,
        centrality_level,
        sex,
        equation,
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
        calibration_use,
        {{ released_estimate('standardised_difference', 'withheld_reason', decimals=2) }} as standardised_difference,
    from judged
)

select * from final
order by base_year, model_type, centrality_level, sex, equation, term
