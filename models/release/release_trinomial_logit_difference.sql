-- Grain: base_year, model_type, centrality_level, sex, varied_dimension, comparison, outcome.
-- Purpose: estimates.trinomial_logit_difference as it may leave the secure zone: a difference is withheld where one of
-- the coefficients of the varied characteristic is; others are rounded (docs/disclosure.md).
with

difference as (
    select
        *,
        case varied_dimension
            when 'labour_status' then 'status_' || comparison
            when 'immigration_background' then 'bg_' || comparison
            when 'family' then 'family_total'
            else comparison
        end as term,
        case when model_type > 1 then centrality_level end as model_centrality_level,
        case when model_type > 2 then sex end as model_sex,
    from {{ ref('trinomial_logit_difference') }}
),

-- The two equations of a term: the worse one counts.
term as (
    select
        base_year,
        model_type,
        centrality_level,
        sex,
        term,
        case
            when bool_or(coalesce(withheld_reason = 'too_few_persons', false)) then 'too_few_persons'
            when bool_or(coalesce(withheld_reason = 'too_few_events', false)) then 'too_few_events'
        end as withheld_reason,
    from {{ ref('release_trinomial_logit') }}
    group by base_year, model_type, centrality_level, sex, term
),

judged as (
    select
        difference.*,
        case
            when difference.estimate is null then 'not_fitted'
            when term.term is null then 'too_few_persons'
            else term.withheld_reason
        end as withheld_reason,
    from difference
    left join term
        on
            difference.base_year = term.base_year
            and difference.model_type = term.model_type
            and difference.model_centrality_level is not distinct from term.centrality_level
            and difference.model_sex is not distinct from term.sex
            and difference.term = term.term
),

final as (
    select
        base_year,
        model_type,
        centrality_level,
        sex,
        varied_dimension,
        comparison,
        outcome,
        {{ released_estimate('estimate', 'withheld_reason') }} as estimate,
        {{ released_estimate('std_error', 'withheld_reason') }} as std_error,
        {{ released_estimate('statistic', 'withheld_reason', decimals=2) }} as statistic,
        {{ released_estimate('p_value', 'withheld_reason') }} as p_value,
        {{ released_estimate('conf_low', 'withheld_reason') }} as conf_low,
        {{ released_estimate('conf_high', 'withheld_reason') }} as conf_high,
        {{ released_count('n_obs') }} as n_obs,
        withheld_reason,
        table_id,
        published_estimate,
        published_t_value,
        published_note,
        {{ released_estimate('standardised_difference', 'withheld_reason', decimals=2) }} as standardised_difference,
    from judged
)

select * from final
order by base_year, model_type, centrality_level, sex, varied_dimension, comparison, outcome
