-- Grain: base_year, spec, scope_type, scope_code, outcome: one row a regression.
-- Purpose: the fitted linear probability models with their numbers of persons, and the reason where one was not fitted.
with

fit as (
    select * from {{ ref('fit_linear_probability') }}
    where term = 'constant'
)

select
    cast(base_year as integer) as base_year,
    cast(spec as varchar) as spec,
    cast(scope_type as varchar) as scope_type,
    cast(scope_code as varchar) as scope_code,
    cast(outcome as varchar) as outcome,
    '{{ var("estimates_administrative_emigrations") }}' as administrative_emigrations,
    cast({{ var('estimates_deaths_in_linear_probability') | lower }} as boolean) as keeps_deaths,
    cast(n_obs as bigint) as n_obs,
    cast(is_fitted as boolean) as is_fitted,
    cast(not_fitted_reason as varchar) as not_fitted_reason,
from fit
order by base_year, spec, scope_type, scope_code, outcome
