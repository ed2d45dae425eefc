-- Grain: base_year, model_type, centrality_level, sex, term, outcome.
-- Purpose: average marginal effects on the three probabilities, for every trinomial logit (not in the report): the
-- coefficients of a logit say little about the size of an effect, and nothing at all about its size on stay.
--
-- The effect of a category is the average change in the probability when everyone in the sample of the model is moved
-- from the reference category to it. The effect of age (with its square), family_total and family_immigrants is the
-- average derivative, per year and per person. The effects of a term on the three outcomes sum to zero. Standard errors
-- follow by the delta method from those of the coefficients (observed information), for the persons as given.
with

fit as (
    select * from {{ ref('fit_marginal_effect') }}
)

select
    cast(base_year as integer) as base_year,
    cast(right(spec, 1) as integer) as model_type,
    cast(centrality_level as integer) as centrality_level,
    cast(sex as varchar) as sex,
    cast(term as varchar) as term,
    cast(outcome as varchar) as outcome,
    cast(estimate as double) as estimate,
    cast(std_error as double) as std_error,
    cast(statistic as double) as statistic,
    cast(p_value as double) as p_value,
    cast(conf_low as double) as conf_low,
    cast(conf_high as double) as conf_high,
    cast(n_obs as bigint) as n_obs,
from fit
order by base_year, model_type, centrality_level, sex, term, outcome
