-- Grain: base_year, model_type, compared, centrality_level, sex, terms.
-- Purpose: do the types of logit differ? Wald tests beside the likelihood ratios of trinomial_logit_fit: whether terms
-- have the same coefficients on all levels, or for both sexes.
--
-- The constants are not tested: every model has its own, as the levels and the sexes have in the model with fewer
-- coefficients. Models of different levels or sexes are of different persons, so their estimates are independent.
with

final as (
    select * from {{ ref('fit_equality_of_coefficients') }}
)

select
    cast(base_year as integer) as base_year,
    cast(model_type as integer) as model_type,
    cast(compared as varchar) as compared,
    cast(centrality_level as integer) as centrality_level,
    cast(sex as varchar) as sex,
    cast(terms as varchar) as terms,
    cast(case when not isnan(statistic) then statistic end as double) as statistic,
    cast(degrees_of_freedom as integer) as degrees_of_freedom,
    cast(case when not isnan(p_value) then p_value end as double) as p_value,
from final
order by base_year, model_type, compared, centrality_level, sex, terms
