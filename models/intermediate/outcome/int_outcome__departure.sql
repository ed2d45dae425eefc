-- Grain: event_id, outcome_year.
-- Purpose: the emigrations that can explain why a resident is gone at the end of outcome_year (2.1.4):
--   - dated in the year;
--   - dated 1 January after it: that emigration belongs to the year in which the person stopped being resident;
--   - dated earlier and registered in the year, when the population file followed the registration (unless the
--     person was back by 1 January of the year: somebody who comes back that day was away in the year before).
-- An emigration dated on or after the person's death does not count.
with

emigration as (
    select * from {{ ref('int_migration__emigration') }}
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

alive as (
    select
        emigration.*,
        person.death_date,
    from emigration
    left join person on emigration.person_id = person.person_id
    where coalesce(emigration.event_date < person.death_date, true)
),

dated_in_year as (
    select
        *,
        year(event_date)::integer as outcome_year,
    from alive
),

dated_first_january_after as (
    select
        *,
        year(event_date)::integer - 1 as outcome_year,
    from alive
    where event_date = date_trunc('year', event_date)
),

registered_in_year as (
    select
        *,
        year(registered_date)::integer as outcome_year,
    from alive
    where
        year(registered_date) > year(event_date)
        and coalesce(return_date > date_trunc('year', registered_date), true)
),

final as (
    select * from dated_in_year
    union all
    select * from dated_first_january_after
    union all
    select * from registered_in_year
)

select * from final
