-- Grain: person of the person register.
-- Purpose: fixed characteristics as last known. The latest known period of a person serves all years.
--
-- Immigration background (2.1.2) is decided once for a person: Nordic birth outside Norway goes before the reason
-- code; the reason counts only for those who first came when reasons were registered (since 1990); an immigrant
-- whose first immigration has no date keeps the reason that was registered. NULL for others than immigrants.
with

-- Read twice: by default the engine would write it down first, since it is asked for twice.
person as not materialized (
    select * from {{ ref('stg_person__person') }}
),

last_period as (
    select
        person_id,
        max(period) as period,
    from person
    group by person_id
),

latest as (
    select * from person
    semi join last_period
        on
            person.person_id = last_period.person_id
            and person.period = last_period.period
),

final as (
    select
        person_id,
        sex,
        birth_year,
        birth_month_date,
        country_of_birth,
        country_background,
        immigration_category,
        is_immigrant,
        is_descendant,
        case
            when not is_immigrant then null
            when is_born_nordic then 'nordic'
            when first_immigration_year < {{ var('first_year_of_reason_for_immigration') }} then 'unknown'
            else coalesce(reason_background, 'unknown')
        end as immigration_background,
        first_immigration_year,
        first_immigration_date,
        first_immigration_earliest_date,
        death_date,
        mother_id,
        father_id,
    from latest
)

select * from final
