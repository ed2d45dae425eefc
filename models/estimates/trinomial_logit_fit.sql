-- Grain: base_year, model_type, centrality_level, sex: one row a model.
-- Purpose: the diagnostics under tables 6.1, D1-D4, E1-E8, beside the printed ones; and the reason where a model could
-- not be fitted (a dummy without events, an empty level). No model and no term is dropped.
with

fit as (
    select
        *,
        cast(right(cast(spec as varchar), 1) as integer) as model_type,
    from {{ ref('fit_trinomial_logit') }}
    where position = 1
),

printed as (
    select distinct
        table_id,
        model_type,
        centrality_level,
        sex,
    from {{ ref('published_mnl') }}
),

diagnostics as (
    select * from {{ ref('published_mnl_diagnostics') }}
),

final as (
    select
        fit.*,
        printed.table_id,
        diagnostics.n_obs as published_n_obs,
        diagnostics.log_likelihood as published_log_likelihood,
        diagnostics.schwarz_bic as published_schwarz_bic,
        diagnostics.scaled_r2 as published_scaled_r2,
    from fit
    left join printed
        on
            fit.base_year = 2012
            and fit.model_type = printed.model_type
            and coalesce(fit.centrality_level, 0) = coalesce(printed.centrality_level, 0)
            and coalesce(fit.sex, '') = coalesce(printed.sex, '')
    left join diagnostics on printed.table_id = diagnostics.table_id
)

select
    cast(base_year as integer) as base_year,
    model_type,
    cast(centrality_level as integer) as centrality_level,
    cast(sex as varchar) as sex,
    '{{ var("estimates_administrative_emigrations") }}' as administrative_emigrations,
    cast(n_obs as bigint) as n_obs,
    cast(log_likelihood as double) as log_likelihood,
    cast(log_likelihood_null as double) as log_likelihood_null,
    cast(schwarz_bic as double) as schwarz_bic,
    cast(scaled_r2 as double) as scaled_r2,
    cast(n_iterations as integer) as n_iterations,
    cast(converged as boolean) as converged,
    cast(not_fitted_reason as varchar) as not_fitted_reason,
    table_id,
    published_n_obs,
    published_log_likelihood,
    published_schwarz_bic,
    published_scaled_r2,
from final
order by base_year, model_type, centrality_level, sex
