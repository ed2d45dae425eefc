-- Tables 6.1, D1-D4 and E1-E8: trinomial logit models, ours beside the printed ones.
-- depends_on: {{ ref('release_trinomial_logit') }}
--
-- Grain: table_id, term, equation.
with

trinomial_logit as (
    select * from release.trinomial_logit
),

final as (
    select
        table_id,
        term,
        equation,
        n_obs,
        estimate,
        statistic,
        conf_low,
        conf_high,
        withheld_reason,
        published_estimate,
        published_t_value,
        standardised_difference,
    from trinomial_logit
    where table_id is not null
)

select * from final
order by table_id, term, equation
