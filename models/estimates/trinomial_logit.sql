-- Grain: base_year, model_type, centrality_level, sex, equation, term.
-- Purpose: the trinomial logits of chapter 6 (tables 6.1, D1-D4, E1-E8), every coefficient, beside the printed ones.
--
-- The base outcome is stay. centrality_level is NULL in type 1, sex in types 1 and 2. Standard errors are those of the
-- observed information; std_error_hc1 is the sandwich (for a logit without small-sample factor). A model that could not
-- be fitted has its rows without estimates; trinomial_logit_fit gives the reason.
with

fit as (
    select
        *,
        cast(right(cast(spec as varchar), 1) as integer) as model_type,
    from {{ ref('fit_trinomial_logit') }}
),

published as (
    select * from {{ ref('published_mnl') }}
),

final as (
    select
        fit.*,
        published.table_id,
        published.estimate as published_estimate,
        published.t_value as published_t_value,
        {{ calibration_use('published.table_id', 'published.term') }} as calibration_use,
        (fit.estimate - published.estimate) / nullif(fit.std_error, 0) as standardised_difference,
    from fit
    left join published
        on
            fit.base_year = 2012
            and fit.model_type = published.model_type
            and coalesce(fit.centrality_level, 0) = coalesce(published.centrality_level, 0)
            and coalesce(fit.sex, '') = coalesce(published.sex, '')
            and fit.equation = published.equation
            and fit.term = published.term
)

select
    cast(base_year as integer) as base_year,
    model_type,
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
    cast(std_error_hc1 as double) as std_error_hc1,
    cast(n_obs as bigint) as n_obs,
    table_id,
    published_estimate,
    published_t_value,
    cast(calibration_use as varchar) as calibration_use,
    cast(standardised_difference as double) as standardised_difference,
from final
order by base_year, model_type, centrality_level, sex, equation, term
