-- Grain: base_year, model_type, centrality_level, sex, equation, term, other_equation, other_term.
-- Purpose: the covariance matrices of the coefficients (observed information), for further tests and differences. Both
-- triangles are given. A model that could not be fitted has no rows.
with

fit as (
    select
        *,
        cast(right(cast(spec as varchar), 1) as integer) as model_type,
    from {{ ref('fit_trinomial_logit') }}
    where converged
),

final as (
    select
        fit.base_year,
        fit.model_type,
        fit.centrality_level,
        fit.sex,
        fit.equation,
        fit.term,
        other.equation as other_equation,
        other.term as other_term,
        fit.covariance[other.position] as covariance,
    from fit
    inner join fit as other
        on
            fit.base_year = other.base_year
            and fit.model_type = other.model_type
            and coalesce(fit.centrality_level, 0) = coalesce(other.centrality_level, 0)
            and coalesce(fit.sex, '') = coalesce(other.sex, '')
)

select
    cast(base_year as integer) as base_year,
    model_type,
    cast(centrality_level as integer) as centrality_level,
    cast(sex as varchar) as sex,
    cast(equation as varchar) as equation,
    cast(term as varchar) as term,
    cast(other_equation as varchar) as other_equation,
    cast(other_term as varchar) as other_term,
    cast(covariance as double) as covariance,
from final
order by base_year, model_type, centrality_level, sex, equation, term, other_equation, other_term
