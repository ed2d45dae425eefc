-- Grain: base_years, model_type, centrality_level, sex, term, outcome.
-- Purpose: the average marginal effects of trinomial_logit_marginal_effect from the pooled logits: averaged over all
-- person-years, the delta method on the covariance clustered by person.
with

fit as (
    select * from {{ ref('fit_pooled_marginal_effect') }}
)

select
    cast(base_years as varchar) as base_years,
    cast(right(cast(spec as varchar), 1) as integer) as model_type,
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
order by base_years, model_type, centrality_level, sex, term, outcome
