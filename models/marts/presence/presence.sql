-- Grain: person_id, base_year; everyone resident on 1 January base_year + 1.
-- Purpose: signs of life of the year by register, and for how many years in a row a resident has shown none: who is
-- really here (2.1.5).
--
-- A sign is NULL where its register was not delivered for the year. A year counts as silent for a person resident on
-- both its 1 January and the next, without a sign, where every sign register was delivered; silent_years_n counts such
-- years in a row up to base_year, three at most, and is NULL where base_year itself cannot be judged. The signs are
-- those of the person alone: is_probable_overcoverage of person_year also looks at the family. Children and the old
-- seldom show signs and are here all the same.
-- Source: Rapporter 2016/27, 2.1.5.
--
-- By year: the registers of a year tell of its signs; 1 January ends the base year before it and begins the one that it
-- opens. What is told of the years before those that are built has not changed, and is taken from this table: all of
-- the last one, and of the two before it the persons without a sign in the last one, as silence is counted backwards.
{{ config(
    materialized='incremental',
    meta={
        'year': 'base_year',
        'rests_on': {
            'befolkning': -1,
            'person': -1,
            'sysselsetting': 0,
            'utdanningsaktivitet': 0,
            'arbeidssoker': 0,
            'inntekt': 0,
            'flytting': 0,
        },
    }
) }}
with

person_year as (
    select * from {{ ref('person_year') }}
    where {{ is_needed('base_year') }}
),

sign as (
    select * from {{ ref('int_sign_of_life__person_year') }}
    where {{ is_needed('sign_year') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

sign_calendar as (
    select * from {{ ref('int_sign_of_life__calendar') }}
),

signs as (
    select
        person_year.person_id,
        person_year.base_year,
        person_year.age,
        person_year.is_immigrant,
        person_year.immigration_background,
        person_year.country_of_birth,
        case when calendar.has_employment then coalesce(sign.has_job, false) end as has_job,
        case when calendar.has_education_activity then coalesce(sign.has_education_activity, false) end
            as has_education_activity,
        case when calendar.has_jobseekers then coalesce(sign.has_jobseeker_registration, false) end
            as has_jobseeker_registration,
        case when calendar.has_occupational_income then coalesce(sign.has_occupational_income, false) end
            as has_occupational_income,
        case when calendar.has_migration then coalesce(sign.has_move, false) end as has_move,
        case
            when sign.person_id is not null then true
            when sign_calendar.has_all_sign_registers then false
        end as has_sign,
        calendar.has_population as is_known_who_was_resident,
    from person_year
    inner join calendar on person_year.base_year = calendar.calendar_year
    left join sign_calendar on person_year.base_year = sign_calendar.calendar_year
    left join sign
        on
            person_year.person_id = sign.person_id
            and person_year.base_year = sign.sign_year
),

earlier as (
    select
        person_id,
        base_year,
        has_sign,
    from {{ as_built(otherwise='signs') }}
    where {{ was_built('base_year', last=3) }}
),

earlier_in_need as (
    select * from earlier
    where {{ was_built('base_year', last=1) }}
    union all
    select earlier.*
    from earlier
    semi join earlier as last_year
        on
            earlier.person_id = last_year.person_id
            and {{ was_built('last_year.base_year', last=1) }}
            and not last_year.has_sign
    where not {{ was_built('earlier.base_year', last=1) }}
),

known as (
    select * from signs
    union all by name
    select
        earlier_in_need.*,
        calendar.has_population as is_known_who_was_resident,
    from earlier_in_need
    inner join calendar on earlier_in_need.base_year = calendar.calendar_year
),

judged as (
    select
        *,
        coalesce(not has_sign and is_known_who_was_resident, false) as is_without_sign,
    from known
),

-- The person-years before, whether or not they are those of the years before.
in_a_row as (
    select
        *,
        lag(base_year, 1) over in_time as previous_year,
        lag(base_year, 2) over in_time as second_previous_year,
        lag(base_year, 3) over in_time as third_previous_year,
        lag(is_without_sign, 1) over in_time as was_without_sign,
        lag(is_without_sign, 2) over in_time as was_without_sign_before,
    from judged
    window in_time as (
        partition by person_id
        order by base_year
    )
),

final as (
    select
        person_id,
        base_year,
        age,
        is_immigrant,
        immigration_background,
        country_of_birth,
        has_job,
        has_education_activity,
        has_jobseeker_registration,
        has_occupational_income,
        has_move,
        has_sign,
        is_known_who_was_resident and coalesce(previous_year = base_year - 1, false) as is_resident_all_year,
        case
            when has_sign then 0
            when not is_without_sign then null
            when coalesce(previous_year <> base_year - 1, true) then 0
            when not was_without_sign or coalesce(second_previous_year <> base_year - 2, true) then 1
            when not was_without_sign_before or coalesce(third_previous_year <> base_year - 3, true) then 2
            else 3
        end as silent_years_n,
    from in_a_row
    where {{ is_needed('base_year') }}
)

select * from final
order by base_year, person_id
