-- Grain: outcome_year, comparison, compared, reference, outcome, method, component, term.
-- Population: that of rate_decomposition_cell, residents aged 15-74.
-- Purpose: why the emigration rate of a county differs from the country's, of a background from everybody's, of a year
-- from the year before: who is there (composition, by factor) or what like persons do (rate). The parts of a difference
-- add up to it; rate_decomposition_fit has the sums.
--
-- Methods: kitagawa, rates of cells, factors averaged over their orders; oaxaca_blinder, linear probability models with
-- normalised dummies; yun, the logit. The coefficients of everybody are the standard. What only one population has
-- belongs to the composition: of kitagawa in terms of its own (only_compared, only_reference), of the regressions in
-- those of the factors. Standard errors allow for a county being part of the country (choices: docs/questions.md).
-- A difference that cannot be taken apart has one row without numbers; rate_decomposition_fit gives the reason.
-- Source: python/utvandring/estimators/decomposition.py.
with

final as (
    select * from {{ ref('fit_rate_decomposition') }}
)

select
    cast(outcome_year as integer) as outcome_year,
    cast(comparison as varchar) as comparison,
    cast(compared as varchar) as compared,
    cast(reference as varchar) as reference,
    cast(outcome as varchar) as outcome,
    cast(method as varchar) as method,
    cast(component as varchar) as component,
    cast(term as varchar) as term,
    cast(case when not isnan(contribution) then contribution end as double) as contribution,
    cast(case when not isnan(std_error) then std_error end as double) as std_error,
from final
order by outcome_year, comparison, compared, reference, outcome, method, component, term
