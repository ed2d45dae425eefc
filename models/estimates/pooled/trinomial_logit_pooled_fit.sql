-- Grain: base_years, model_type, centrality_level, sex: one row a model.
-- Purpose: the diagnostics of the pooled trinomial logits, and the reason where a model could not be fitted. The log
-- likelihood assumes independent person-years, so that differences of it cannot be used for tests.
with

fit as (
    select * from {{ ref('fit_pooled_trinomial_logit') }}
    where position = 1
)

select
    cast(base_years as varchar) as base_years,
    cast(right(cast(spec as varchar), 1) as integer) as model_type,
    cast(centrality_level as integer) as centrality_level,
    cast(sex as varchar) as sex,
    '{{ var("estimates_administrative_emigrations") }}' as administrative_emigrations,
    cast(n_obs as bigint) as n_obs,
    cast(n_persons as bigint) as n_persons,
    cast(log_likelihood as double) as log_likelihood,
    cast(log_likelihood_null as double) as log_likelihood_null,
    cast(schwarz_bic as double) as schwarz_bic,
    cast(scaled_r2 as double) as scaled_r2,
    cast(n_iterations as integer) as n_iterations,
    cast(converged as boolean) as converged,
    cast(not_fitted_reason as varchar) as not_fitted_reason,
from fit
order by base_years, model_type, centrality_level, sex
