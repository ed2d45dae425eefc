-- Tables 5.1-5.31: linear probability models, ours beside the printed ones.
-- depends_on: {{ ref('release_linear_probability') }}
--
-- Grain: table_id, term, outcome.
with

linear_probability as (
    select * from release.linear_probability
),

final as (
    select
        table_id,
        term,
        outcome,
        n_obs,
        estimate,
        statistic,
        conf_low,
        conf_high,
        withheld_reason,
        published_n_obs,
        published_estimate,
        published_t_value,
        standardised_difference,
    from linear_probability
    where table_id is not null
)

select * from final
order by table_id, term, outcome
