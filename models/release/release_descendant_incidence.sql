-- Grain: immigrant_group, dimension, category, age, event.
-- Purpose: estimates.descendant_incidence as it may leave the secure zone: the share at the end of every fifth year of
-- age, withheld where the five years have too few persons at risk or too few events, so that no step between two shown
-- shares depends on a small count. Counts are not shown; estimates are rounded (docs/disclosure.md).
with

descendant_incidence as (
    select * from {{ ref('descendant_incidence') }}
),

-- Ages 0-4 end at 4, 5-9 at 9, and so on.
five_years as (
    select
        immigrant_group,
        dimension,
        category,
        event,
        max(age) as age,
        (max(age) + 1) % 5 = 0 as is_whole,
        min(at_risk_n) as at_risk_n,
        sum(events_n) as events_n,
        arg_max(estimate, age) as estimate,
        arg_max(std_error, age) as std_error,
        arg_max(conf_low, age) as conf_low,
        arg_max(conf_high, age) as conf_high,
    from descendant_incidence
    group by immigrant_group, dimension, category, event, age // 5
),

judged as (
    select
        *,
        {{ withheld_reason('at_risk_n', 'least(events_n, at_risk_n - events_n)') }} as withheld_reason,
    from five_years
    where is_whole
),

final as (
    select
        immigrant_group,
        dimension,
        category,
        age,
        event,
        {{ released_estimate('estimate', 'withheld_reason') }} as estimate,
        {{ released_estimate('std_error', 'withheld_reason') }} as std_error,
        {{ released_estimate('conf_low', 'withheld_reason') }} as conf_low,
        {{ released_estimate('conf_high', 'withheld_reason') }} as conf_high,
        withheld_reason,
    from judged
)

select * from final
order by immigrant_group, dimension, category, age, event
