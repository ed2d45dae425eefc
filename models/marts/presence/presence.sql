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
{{ config(materialized='incremental', meta={'year': 'base_year'}) }}
with

resident as (
    select
        person_id,
        reference_year - 1 as base_year,
    from {{ from_year('int_population__resident', 'reference_year - 1', earlier=3) }}
),

person as (
    select * from {{ all_years('int_population__person', 'first_reference_year - 1') }}
),

sign as (
    select * from {{ from_year('int_sign_of_life__person_year', 'sign_year', earlier=3) }}
),

calendar as (
    select * from {{ all_years('int_deliveries__calendar', 'calendar_year') }}
),

sign_calendar as (
    select * from {{ all_years('int_sign_of_life__calendar', 'calendar_year') }}
),

signs as (
    select
        resident.person_id,
        resident.base_year,
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
    from resident
    inner join calendar on resident.base_year = calendar.calendar_year
    left join sign_calendar on resident.base_year = sign_calendar.calendar_year
    left join sign
        on
            resident.person_id = sign.person_id
            and resident.base_year = sign.sign_year
),

judged as (
    select
        *,
        coalesce(not has_sign and is_known_who_was_resident, false) as is_without_sign,
    from signs
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
        in_a_row.person_id,
        in_a_row.base_year,
        in_a_row.base_year - person.birth_year as age,
        person.is_immigrant,
        person.immigration_background,
        person.country_of_birth,
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
    left join person on in_a_row.person_id = person.person_id
)

select * from final
order by base_year, person_id
