-- Grain: base_years, population, area: one row a model.
-- Purpose: the effects of persons in panel_logit, the test against none, how good the quadrature is, and the reason
-- where a model could not be fitted.
--
-- Caveat: by default two years of every fifth person, which says little about variances; the simulation draws the
-- outcome of each year independently, so that its true variances are what the regressors leave out.
with

fit as (
    select * from {{ ref('fit_panel_logit') }}
    where position = 1
)

select
    cast(base_years as varchar) as base_years,
    cast(population as varchar) as population,
    cast(area as varchar) as area,
    cast(n_obs as bigint) as n_obs,
    cast(n_persons as bigint) as n_persons,
    cast(nodes as integer) as nodes,
    cast(quadrature_error as double) as quadrature_error,
    cast(log_likelihood as double) as log_likelihood,
    cast(log_likelihood_pooled as double) as log_likelihood_pooled,
    cast(lr_statistic as double) as lr_statistic,
    cast(lr_p_value as double) as lr_p_value,
    cast(variance_internal as double) as variance_internal,
    cast(variance_internal_std_error as double) as variance_internal_std_error,
    cast(variance_emigration as double) as variance_emigration,
    cast(variance_emigration_std_error as double) as variance_emigration_std_error,
    cast(correlation as double) as correlation,
    cast(correlation_std_error as double) as correlation_std_error,
    cast(at_boundary as boolean) as at_boundary,
    cast(converged as boolean) as converged,
    cast(not_fitted_reason as varchar) as not_fitted_reason,
from fit
order by base_years, population, area
