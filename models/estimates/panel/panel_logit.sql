-- Grain: base_years, population, area, equation, term.
-- Purpose: who stays, moves to another municipality or leaves Norway, in a trinomial logit with an effect of each
-- person in each equation, jointly normal, after the working paper of EXITNORWAY ("Try another municipality or leave
-- the country?").
--
-- Coefficients are those of one person: larger than those of a logit without effects, the more the larger the variances
-- in panel_logit_fit are. Standard errors from the observed information; std_error_hc1 is the sandwich by person.
-- A model that could not be fitted has its rows without estimates; panel_logit_fit gives the reason.
with

fit as (
    select * from {{ ref('fit_panel_logit') }}
)

select
    cast(base_years as varchar) as base_years,
    cast(population as varchar) as population,
    cast(area as varchar) as area,
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
from fit
order by base_years, population, area, equation, term
