-- Tables 6.2-6.26: differences in probability by the logits of tables 6.1 (6.2-6.6), D1-D4 (6.7-6.16) and E1-E8
-- (6.17-6.26), ours beside the printed ones.
-- depends_on: {{ ref('release_trinomial_logit_difference') }}
--
-- Grain: table_id, centrality_level, comparison, outcome.
with

trinomial_logit_difference as (
    select * from release.trinomial_logit_difference
),

final as (
    select
        table_id,
        centrality_level,
        comparison,
        outcome,
        n_obs,
        estimate,
        statistic,
        conf_low,
        conf_high,
        withheld_reason,
        published_estimate,
        published_t_value,
        published_note,
        standardised_difference,
    from trinomial_logit_difference
    where table_id is not null
)

select * from final
order by table_id, centrality_level, comparison, outcome
