-- Grain: immigrant_group, dimension, category, age, event.
-- Population: residents of the four groups of descendant_emigration who never emigrated before, all years together.
-- Purpose: share that has emigrated, or died, by age, had the rates of the years delivered held from birth on:
-- Aalen-Johansen estimates with death as the competing event.
--
-- Plain counting by completed years (the age at the end of base_year; an event happens before the next one). Persons
-- enter at the age at which the registers first show them (late entry, which the survival libraries at hand do not
-- combine with competing events), and leave unseen when the registers end or lose them. Immigrants who came as children
-- enter at age 6 at the latest; their shares are of those who came. Ages over 74 are left out.
-- Standard errors by the delta method, the formula of statsmodels' CumIncidenceRight, with which the tests compare
-- them.
with

cell as (
    select * from {{ ref('int_descendant__cell') }}
    where
        is_at_risk_of_first_emigration
        and age between 0 and 74
),

exposure as (
    select
        cell.immigrant_group,
        dimension.dimension,
        dimension.category,
        cell.age,
        sum(cell.persons_n)::bigint as at_risk_n,
        coalesce(sum(cell.persons_n) filter (where cell.outcome = 'emigration'), 0)::bigint as emigration_n,
        coalesce(sum(cell.persons_n) filter (where cell.outcome = 'death'), 0)::bigint as death_n,
    from
        cell,
        lateral (
            values
            ('none', 'all'),
            ('sex', cell.sex),
            ('parents_origin_group', cell.parents_origin_group)
        ) as dimension (dimension, category)
    where dimension.category is not null
    group by all
),

survival as (
    select
        *,
        emigration_n + death_n as ended_n,
        coalesce(
            exp(
                sum(ln(greatest(1.0 - (emigration_n + death_n) / at_risk_n, 1e-300))) over (
                    partition by immigrant_group, dimension, category
                    order by age
                    rows between unbounded preceding and 1 preceding
                )
            ),
            1.0
        ) as survival_before,
    from exposure
),

by_event as (
    select
        survival.*,
        event.event,
        event.events_n,
        survival.survival_before * event.events_n / survival.at_risk_n as increment,
    from
        survival,
        lateral (
            values ('emigration', survival.emigration_n), ('death', survival.death_n)
        ) as event (event, events_n)
),

accumulated as (
    select
        *,
        sum(increment) over to_age as estimate,
        ended_n / (at_risk_n * nullif(at_risk_n - ended_n, 0)) as survival_variance,
        survival_before * events_n / (at_risk_n * at_risk_n) as covariance,
        survival_before * survival_before * events_n * (at_risk_n - events_n) / power(at_risk_n, 3) as event_variance,
    from by_event
    window to_age as (
        partition by immigrant_group, dimension, category, event
        order by age
        rows unbounded preceding
    )
),

with_variance as (
    select
        *,
        power(estimate, 2) * sum(survival_variance) over to_age
        - 2 * estimate * sum(estimate * survival_variance) over to_age
        + sum(power(estimate, 2) * survival_variance) over to_age
        + sum(event_variance) over to_age
        - 2 * estimate * sum(covariance) over to_age
        + 2 * sum(estimate * covariance) over to_age as variance,
        count(*) filter (where survival_variance is null) over to_age > 0 as is_exhausted,
    from accumulated
    window to_age as (
        partition by immigrant_group, dimension, category, event
        order by age
        rows unbounded preceding
    )
),

final as (
    select
        immigrant_group,
        dimension,
        category,
        age::integer as age,
        event,
        at_risk_n,
        events_n,
        estimate::double as estimate,
        case when not is_exhausted then sqrt(greatest(variance, 0))::double end as std_error,
    from with_variance
)

-- Not greatest and least alone: they pass over NULL, and an unknown interval is not the whole of 0 to 1.
select
    *,
    case when std_error is not null then greatest(estimate - 1.959963984540054 * std_error, 0) end as conf_low,
    case when std_error is not null then least(estimate + 1.959963984540054 * std_error, 1) end as conf_high,
from final
order by immigrant_group, dimension, category, age, event
