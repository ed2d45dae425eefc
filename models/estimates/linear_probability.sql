-- Grain: base_year, spec, scope_type, scope_code, outcome, term.
-- Purpose: the linear probability models of 5.2-5.4 (Vedlegg B), every coefficient, beside the printed ones.
--
-- Intervals and p values are of the t distribution with the classical standard error, as the report's t values.
-- A model that could not be fitted has its rows without estimates; linear_probability_fit gives the reason.
with

fit as (
    select * from {{ ref('fit_linear_probability') }}
),

published as (
    select * from {{ ref('published_lpm') }}
),

final as (
    select
        fit.base_year,
        fit.spec,
        fit.scope_type,
        fit.scope_code,
        fit.outcome,
        fit.term,
        fit.estimate,
        fit.std_error,
        fit.statistic,
        fit.p_value,
        fit.conf_low,
        fit.conf_high,
        fit.std_error_hc1,
        fit.n_obs,
        published.table_id,
        published.estimate as published_estimate,
        published.t_value as published_t_value,
        published.n_obs as published_n_obs,
        {{ calibration_use('published.table_id', 'published.term') }} as calibration_use,
        (fit.estimate - published.estimate) / nullif(fit.std_error, 0) as standardised_difference,
    from fit
    left join published
        on
            fit.base_year = 2012
            and fit.spec = published.spec
            and fit.scope_type = published.scope_type
            and fit.scope_code = published.scope_code
            and fit.outcome = published.outcome
            and fit.term = published.term
)

select
    cast(base_year as integer) as base_year,
    cast(spec as varchar) as spec,
    cast(scope_type as varchar) as scope_type,
    cast(scope_code as varchar) as scope_code,
    cast(outcome as varchar) as outcome,
    cast(term as varchar) as term,
    cast(estimate as double) as estimate,
    cast(std_error as double) as std_error,
    cast(statistic as double) as statistic,
    cast(p_value as double) as p_value,
    cast(conf_low as double) as conf_low,
    cast(conf_high as double) as conf_high,
    cast(std_error_hc1 as double) as std_error_hc1,
    cast(n_obs as bigint) as n_obs,
    table_id,
    published_estimate,
    published_t_value,
    published_n_obs,
    cast(calibration_use as varchar) as calibration_use,
    cast(standardised_difference as double) as standardised_difference,
from final
order by base_year, spec, scope_type, scope_code, outcome, term
