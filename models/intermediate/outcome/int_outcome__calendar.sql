-- Grain: outcome_year.
-- Purpose: whether the events of the year, and the 1 January after it, were delivered.
{{ config(meta={'year': 'outcome_year'}) }}
with

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

final as (
    select
        this_year.calendar_year as outcome_year,
        this_year.has_migration as has_events,
        next_year.has_population as has_next_january,
    from calendar as this_year
    inner join calendar as next_year on this_year.calendar_year + 1 = next_year.calendar_year
)

select * from final
