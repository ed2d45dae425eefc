-- Grain: table_id: one row for each of the 72 printed tables of data (4.1-4.3, 5.1-5.31, 6.1-6.26, D1-D4, E1-E8).
-- Purpose: how near our estimates are to the printed ones, where base year 2012 was fitted.
--
-- Covered: the printed number lies in our 95 per cent interval, widened by its rounding. On deliveries of the
-- registers that the report used nearly every cell should be covered. On synthetic deliveries only E1-E8 are true by
-- construction; the other tables measure the simulation and say nothing about Norway. Rates are shares here, so that
-- the rounding of a printed per cent with one decimal is that of an estimate with three.
with

{{ rates_beside_print(ref('mobility_rate')) }},

cell as (
    select
        table_id,
        estimate,
        conf_low,
        conf_high,
        published_estimate,
        standardised_difference,
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
        calibration_use,
        false as is_misprinted,
    from {{ ref('linear_probability') }}
    union all
    select
        table_id,
        estimate,
        conf_low,
        conf_high,
        published_estimate,
        standardised_difference,
        calibration_use,
        false as is_misprinted,
    from {{ ref('trinomial_logit') }}
    union all
    select
        table_id,
        estimate,
        conf_low,
        conf_high,
        published_estimate,
        standardised_difference,
        null as calibration_use,
        {{ is_misprinted('published_note') }} as is_misprinted,
    from {{ ref('trinomial_logit_difference') }}
),

final as (
    select
        table_id,
        cast(count(*) as bigint) as cells_n,
        cast(count(estimate) as bigint) as fitted_n,
        cast(
            count(
                case
                    when published_estimate between conf_low - 0.0005 and conf_high + 0.0005 then 1
                end
            ) as bigint
        ) as covered_n,
        cast(count(case when is_misprinted then 1 end) as bigint) as misprinted_n,
        cast(count(case when calibration_use = 'held_out' then estimate end) as bigint) as held_out_n,
        cast(
            count(
                case
                    when
                        calibration_use = 'held_out'
                        and published_estimate between conf_low - 0.0005 and conf_high + 0.0005
                        then 1
                end
            ) as bigint
        ) as held_out_covered_n,
        max(abs(standardised_difference)) as largest_standardised_difference,
        max(abs(estimate - published_estimate)) as largest_difference,
    from cell
    where table_id is not null
    group by table_id
)

select
    *,
    cast(covered_n as double) / nullif(fitted_n, 0) as covered_share,
from final
order by table_id
