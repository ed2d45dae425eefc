-- Grain: base_year, model_type, centrality_level, sex, varied_dimension, comparison, outcome.
-- Purpose: differences in probability between two persons alike but for one characteristic (tables 6.2-6.26), with
-- standard errors by the delta method (C.13-C.18), for every model, beside the printed ones.
--
-- The person is a woman or a man of 30 on centrality level 4, employed, education_2, background work, residence 3-5
-- (16+ where residence is varied), in a family of 5 with 4 immigrants; in types 2 and 3 of the level of the model, in
-- type 3 of its sex. centrality_level and sex are those of the person. Of type 1 no man is printed. Cells that are
-- misprinted in the report have a published_note.
with

difference as (
    select
        *,
        cast(right(cast(spec as varchar), 1) as integer) as model_type,
    from {{ ref('fit_probability_difference') }}
),

published as (
    select * from {{ ref('published_mnl_differences') }}
),

final as (
    select
        difference.*,
        published.table_id,
        published.estimate as published_estimate,
        published.t_value as published_t_value,
        published.note as published_note,
        (difference.estimate - published.estimate) / nullif(difference.std_error, 0) as standardised_difference,
    from difference
    left join published
        on
            difference.base_year = 2012
            -- Another reference person than the printed one is beside nothing.
            and {{ 'false' if var('estimates_difference_profile') else 'true' }}
            and difference.model_type = published.model_type
            and difference.centrality_level = published.centrality_level
            and difference.sex = published.sex
            and difference.varied_dimension = published.dimension
            and difference.comparison = published.comparison
            and difference.outcome = published.outcome
)

select
    cast(base_year as integer) as base_year,
    model_type,
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
    table_id,
    published_estimate,
    published_t_value,
    published_note,
    cast(standardised_difference as double) as standardised_difference,
from final
order by base_year, model_type, centrality_level, sex, varied_dimension, comparison, outcome
