-- Grain: base_years, model_type, centrality_level, sex, equation, term.
-- Purpose: the trinomial logits of chapter 6, one fit to all base years of estimates_pooled_base_years together.
--
-- Standard errors, intervals and p values allow for the same person in several years: scores are summed by person.
-- std_error_classical is the error of a fit that takes the person-years for different persons. The specification is
-- that of one base year, without terms for the years (choice). The report prints nothing to compare with. There are no
-- rows where no years are pooled. A model that could not be fitted has its rows without estimates;
-- trinomial_logit_pooled_fit gives the reason.
with

fit as (
    select * from {{ ref('fit_pooled_trinomial_logit') }}
)

select
    cast(base_years as varchar) as base_years,
    cast(right(cast(spec as varchar), 1) as integer) as model_type,
    cast(centrality_level as integer) as centrality_level,
    cast(sex as varchar) as sex,
    cast(equation as varchar) as equation,
    cast(term as varchar) as term,
    cast(estimate as double) as estimate,
    cast(std_error as double) as std_error,
    cast(statistic as double) as statistic,
    cast(p_value as double) as p_value,
    cast(conf_low as double) as conf_low,
    cast(conf_high as double) as conf_high,
    cast(std_error_classical as double) as std_error_classical,
    cast(n_obs as bigint) as n_obs,
    cast(n_persons as bigint) as n_persons,
from fit
order by base_years, model_type, centrality_level, sex, equation, term
