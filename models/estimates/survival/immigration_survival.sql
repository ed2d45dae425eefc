-- Grain: transition, cohort, dimension, category, years_since, event.
-- Population: immigrants; transition emigration from their first immigration on record, transition reimmigration from
-- their first emigration on record (int_estimates__duration).
-- Purpose: the share that has left Norway, died, or come back after each number of years, by entry (or exit) cohort,
-- origin and background: Aalen-Johansen estimates with standard errors (EXITNORWAY).
--
-- Durations are exact days; a year has 365.25 days. Years with nobody left at risk are absent. Deaths abroad are known
-- in part: the share that came back is a share of all who left, dead or alive. Administrative emigrations have the date
-- of the decision, so that some persons left earlier than shown.
-- Source: python/utvandring/estimators/survival.py; Aalen and Johansen (1978).
with

fit as (
    select * from {{ ref('fit_immigration_survival') }}
),

final as (
    select
        cast(transition as varchar) as transition,
        cast(cohort as varchar) as cohort,
        cast(dimension as varchar) as dimension,
        cast(category as varchar) as category,
        cast(years_since as integer) as years_since,
        cast(event as varchar) as event,
        cast(persons_n as bigint) as persons_n,
        cast(at_risk_n as bigint) as at_risk_n,
        cast(events_n as bigint) as events_n,
        cast(estimate as double) as estimate,
        case when not isnan(std_error) then cast(std_error as double) end as std_error,
        case when not isnan(conf_low) then cast(conf_low as double) end as conf_low,
        case when not isnan(conf_high) then cast(conf_high as double) end as conf_high,
    from fit
)

select * from final
order by transition, cohort, dimension, category, years_since, event
