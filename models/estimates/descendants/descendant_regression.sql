-- Grain: model, equation, term.
-- Population: residents aged 18-50 who never emigrated before (descendant_cell), all years together.
-- Purpose: characteristics and the first emigration. logit_groups: emigration against staying in the four groups, with
-- the majority as reference. logit_descendants: the same for descendants, by origin of the parents.
-- trinomial_descendants: staying, the parents' country, elsewhere (emigrants with an unknown destination are left out).
--
-- A discrete-time hazard over person-years: a person has at most one first emigration, so that person-years need no
-- clustering. References: female, compulsory education, employed, middle income, parents from Asia. A regression that
-- cannot be fitted (a category from which nobody leaves) has its rows without estimates, with the reason.
with

fit as (
    select * from {{ ref('fit_descendant_emigration') }}
),

final as (
    select
        cast(model as varchar) as model,
        cast(equation as varchar) as equation,
        cast(term as varchar) as term,
        cast(position as integer) as position,
        cast(estimate as double) as estimate,
        cast(std_error as double) as std_error,
        cast(statistic as double) as statistic,
        cast(p_value as double) as p_value,
        cast(conf_low as double) as conf_low,
        cast(conf_high as double) as conf_high,
        cast(n_obs as bigint) as n_obs,
        cast(emigrants_n as bigint) as emigrants_n,
        cast(log_likelihood as double) as log_likelihood,
        cast(is_fitted as boolean) as is_fitted,
        cast(not_fitted_reason as varchar) as not_fitted_reason,
    from fit
)

select * from final
order by model, position
