-- Grain: base_years, model_type, centrality_level, sex, varied_dimension, comparison, outcome.
-- Purpose: the differences in probability of trinomial_logit_difference from the pooled logits: the same persons, the
-- delta method on the covariance clustered by person.
with

difference as (
    select * from {{ ref('fit_pooled_probability_difference') }}
)

select
    cast(base_years as varchar) as base_years,
    cast(right(cast(spec as varchar), 1) as integer) as model_type,
    cast(centrality_level as integer) as centrality_level,
    cast(sex as varchar) as sex,
    cast(varied_dimension as varchar) as varied_dimension,
    cast(comparison as varchar) as comparison,
    cast(outcome as varchar) as outcome,
    cast(estimate as double) as estimate,
    cast(std_error as double) as std_error,
    cast(statistic as double) as statistic,
    cast(p_value as double) as p_value,
    cast(conf_low as double) as conf_low,
    cast(conf_high as double) as conf_high,
    cast(n_obs as bigint) as n_obs,
from difference
order by base_years, model_type, centrality_level, sex, varied_dimension, comparison, outcome
