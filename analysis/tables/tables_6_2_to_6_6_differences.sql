-- Tables 6.2-6.6: differences in probability by the logit of table 6.1, ours beside the printed ones.
-- depends_on: {{ ref('release_trinomial_logit_difference') }}
--
-- Grain: table_id, comparison, outcome.
with

trinomial_logit_difference as (
    select * from release.trinomial_logit_difference
),

final as (
    select
        table_id,
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
order by table_id, comparison, outcome
