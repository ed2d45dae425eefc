-- Grain: person_id, calendar_year.
-- Purpose: years of which an immigration can explain that a person is resident on the 1 January after them: dated in
-- the year, dated that very 1 January, or registered in the year, some of them in advance.
{{ config(meta={'year': 'calendar_year'}) }}
with

immigration as (
    select * from {{ ref('int_migration__event') }}
    where event_type = 'immigration'
),

dated_in_year as (
    select
        person_id,
        year(event_date)::integer as calendar_year,
    from immigration
),

dated_first_january_after as (
    select
        person_id,
        year(event_date)::integer - 1,
    from immigration
    where event_date = date_trunc('year', event_date)
),

registered_in_year as (
    select
        person_id,
        year(registered_date)::integer,
    from immigration
    where registered_date is not null
),

final as (
    select * from dated_in_year
    union
    select * from dated_first_january_after
    union
    select * from registered_in_year
)

select * from final
