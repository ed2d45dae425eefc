-- Grain: table_id: one row for each of the 72 printed tables of data (4.1-4.3, 5.1-5.31, 6.1-6.26, D1-D4, E1-E8).
-- Purpose: how near the released estimates are to the printed ones; estimates.reproduction without withheld estimates.
with

{{ rates_beside_print(ref('release_mobility_rate')) }},

cell as (
    select
        table_id,
        estimate,
        conf_low,
        conf_high,
        published_estimate,
        standardised_difference,
        case when estimate is null then 'withheld' end as withheld_reason,
        null as calibration_use,
        false as is_misprinted,
    from rate
    union all
    select
        table_id,
        estimate,
        conf_low,
        conf_high,
        published_estimate,
        standardised_difference,
        withheld_reason,
        calibration_use,
        false as is_misprinted,
    from {{ ref('release_linear_probability') }}
    union all
    select
        table_id,
        estimate,
        conf_low,
        conf_high,
        published_estimate,
        standardised_difference,
        withheld_reason,
        calibration_use,
        false as is_misprinted,
    from {{ ref('release_trinomial_logit') }}
    union all
    select
        table_id,
        estimate,
        conf_low,
        conf_high,
        published_estimate,
        standardised_difference,
        withheld_reason,
        null as calibration_use,
        {{ is_misprinted('published_note') }} as is_misprinted,
    from {{ ref('release_trinomial_logit_difference') }}
),

final as (
    select
        table_id,
        count(*) as cells_n,
        count(*) filter (where withheld_reason is distinct from 'not_fitted') as fitted_n,
        count(estimate) as released_n,
        count(*) filter (where published_estimate between conf_low - 0.0005 and conf_high + 0.0005) as covered_n,
        count(*) filter (where is_misprinted) as misprinted_n,
        count(estimate) filter (where calibration_use = 'held_out') as held_out_n,
        count(*) filter (
            where calibration_use = 'held_out'
            and published_estimate between conf_low - 0.0005 and conf_high + 0.0005
        ) as held_out_covered_n,
        max(abs(standardised_difference)) as largest_standardised_difference,
        max(abs(estimate - published_estimate)) as largest_difference,
    from cell
    where table_id is not null
    group by table_id
)

select
    *,
    cast(covered_n as double) / nullif(released_n, 0) as covered_share,
from final
order by table_id
