-- Grain: event_id of immigrations.
-- Purpose: whether it is the person's first one: the earliest on record, if it is not dated after the year of the
-- person's first immigration (otherwise the first one lies before the register's first year). NULL for a person without
-- a known first immigration.
{{ config(meta={'year': 'immigration_year'}) }}
with

immigration as (
    select * from {{ ref('int_migration__event') }}
    where event_type = 'immigration'
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

numbered as (
    select
        *,
        row_number() over (
            partition by person_id
            order by event_date, registered_date nulls last, event_id
        ) as immigration_number,
    from immigration
),

final as (
    select
        numbered.event_id,
        year(numbered.event_date)::integer as immigration_year,
        case
            when person.first_immigration_year is not null
                then
                    numbered.immigration_number = 1
                    and year(numbered.event_date) <= person.first_immigration_year
        end as is_first_immigration,
    from numbered
    left join person on numbered.person_id = person.person_id
)

select * from final
