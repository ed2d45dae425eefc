-- Grain: base_year, model_type, centrality_level, sex: one row a model.
-- Purpose: estimates.trinomial_logit_fit as it may leave the secure zone: persons rounded, and the log likelihood and
-- its functions rounded so that the number of persons cannot be worked out from them.
with

trinomial_logit_fit as (
    select
        *,
        case
            when log_likelihood is null then 'not_fitted'
            when n_obs < {{ var('disclosure_min_persons') }} then 'too_few_persons'
        end as withheld_reason,
    from {{ ref('trinomial_logit_fit') }}
),

final as (
    select
        base_year,
        model_type,
        centrality_level,
        sex,
        administrative_emigrations,
        {{ released_count('n_obs') }} as n_obs,
        {{ released_estimate('log_likelihood', 'withheld_reason', decimals=0) }} as log_likelihood,
        {{ released_estimate('log_likelihood_null', 'withheld_reason', decimals=0) }} as log_likelihood_null,
        {{ released_estimate('schwarz_bic', 'withheld_reason', decimals=0) }} as schwarz_bic,
        {{ released_estimate('scaled_r2', 'withheld_reason', decimals=3) }} as scaled_r2,
        n_iterations,
        converged,
        withheld_reason,
        table_id,
        published_n_obs,
        published_log_likelihood,
        published_schwarz_bic,
        published_scaled_r2,
    from trinomial_logit_fit
)

select * from final
order by base_year, model_type, centrality_level, sex
