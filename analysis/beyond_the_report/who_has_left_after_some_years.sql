-- Share of immigrants that has left Norway after 1, 3, 5 and 10 years, by origin and background.
-- depends_on: {{ ref('immigration_survival') }}
--
-- Population: immigrants whose first immigration is on record, all cohorts together.
-- Definition: Aalen-Johansen, death and being missed by the register as competing events; 95 per cent intervals.
-- Grain: dimension, category, years_since.
-- Columns: dimension, category, years_since, persons_n, at_risk_n, left_percent, left_percent_low, left_percent_high,
--   dead_percent.
-- Read: years_since years after coming, left_percent of the immigrants of this origin had left.
with

survival as (
    select * from estimates.immigration_survival
    where
        transition = 'emigration'
        and cohort = 'all'
        and years_since in (1, 3, 5, 10)
),

final as (
    select
        leaving.dimension,
        leaving.category,
        leaving.years_since,
        leaving.persons_n,
        leaving.at_risk_n,
        100 * leaving.estimate as left_percent,
        100 * leaving.conf_low as left_percent_low,
        100 * leaving.conf_high as left_percent_high,
        100 * dying.estimate as dead_percent,
    from survival as leaving
    inner join survival as dying
        on
            leaving.dimension = dying.dimension
            and leaving.category = dying.category
            and leaving.years_since = dying.years_since
            and dying.event = 'death'
    where leaving.event = 'emigration'
)

select * from final
order by dimension, category, years_since
