-- Grain: immigrant_group, dimension, category, age, event.
-- Population: residents of the four groups of descendant_emigration who never emigrated before, all years together
-- (int_estimates__descendant_exposure).
-- Purpose: the share that would have emigrated, or died, by each age if the rates of the delivered years had held from
-- birth on: Aalen-Johansen estimates with death as the competing event.
--
-- Persons enter at the age at which the registers first show them (late entry). Immigrants who came as children enter
-- at age 6 at the latest; their shares are shares of those who came. Ages over 74 are left out.
-- Source: python/utvandring/estimators/survival.py; Aalen and Johansen (1978).
with

fit as (
    select * from {{ ref('fit_descendant_incidence') }}
),

final as (
    select
        cast(immigrant_group as varchar) as immigrant_group,
        cast(dimension as varchar) as dimension,
        cast(category as varchar) as category,
        cast(age as integer) as age,
        cast(event as varchar) as event,
        cast(at_risk_n as bigint) as at_risk_n,
        cast(events_n as bigint) as events_n,
        cast(estimate as double) as estimate,
        case when not isnan(std_error) then cast(std_error as double) end as std_error,
        case when not isnan(conf_low) then cast(conf_low as double) end as conf_low,
        case when not isnan(conf_high) then cast(conf_high as double) end as conf_high,
    from fit
)

select * from final
order by immigrant_group, dimension, category, age, event
