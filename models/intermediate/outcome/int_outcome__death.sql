-- Grain: person_id, outcome_year.
-- Purpose: deaths by the outcome year that they end (2.1.4):
--   - dated in the year;
--   - status dead on 1 January after it, where no date is known or the death is dated that very day. Choice: such a
--     death belongs to the year, as an emigration dated so does.
{{ config(meta={'year': 'outcome_year'}) }}
with

person as (
    select * from {{ ref('int_person__characteristics') }}
    where death_date is not null
),

january as (
    select * from {{ ref('stg_befolkning__january') }}
    where is_dead
),

dated_in_year as (
    select
        person_id,
        year(death_date)::integer as outcome_year,
        death_date,
    from person
),

dead_first_january_after as (
    select
        january.person_id,
        january.reference_year - 1 as outcome_year,
        person.death_date,
    from january
    left join person on january.person_id = person.person_id
    where coalesce(person.death_date = make_date(january.reference_year, 1, 1), true)
),

final as (
    select * from dated_in_year
    union all
    select * from dead_first_january_after
)

select * from final
