-- Grain: person_id, base_year: everyone resident on 1 January of base_year + 1.
-- Purpose: labour market status in base_year (2.1.6, figure 2.1) and the three facts it rests on.
--
-- The facts hold at every age and are NULL where their register was not delivered for the year; the status is NULL
-- as soon as one of them is, and outside ages 15-74 (choice: 2.1.6 says 16-74 for the last group, 15-74 for others).
--
-- By year: 1 January is the end of the base year before it; birth matters wherever the person is resident.
{{ config(
    materialized='incremental',
    meta={
        'year': 'base_year',
        'rests_on': {
            'befolkning': -1,
            'sysselsetting': 0,
            'utdanningsaktivitet': 0,
            'arbeidssoker': 0,
            'person': -1,
        },
    }
) }}
with

resident as (
    select * from {{ ref('int_population__resident') }}
    where {{ is_needed('reference_year - 1') }}
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

employment as (
    select * from {{ ref('int_labour__employment') }}
    where {{ is_needed('job_year') }}
),

student as (
    select * from {{ ref('int_education__student') }}
    where {{ is_needed('activity_year') }}
),

unemployment as (
    select * from {{ ref('int_labour__unemployment') }}
    where {{ is_needed('unemployment_year') }}
),

facts as (
    select
        resident.person_id,
        calendar.calendar_year as base_year,
        calendar.calendar_year - person.birth_year as age,
        case when calendar.has_employment then coalesce(employment.is_employed, false) end as is_employed,
        case when calendar.has_education_activity then student.person_id is not null end as is_in_education,
        case when calendar.has_jobseekers then coalesce(unemployment.unemployed_months, 0) end as unemployed_months,
    from resident
    inner join calendar on resident.reference_year - 1 = calendar.calendar_year
    left join person on resident.person_id = person.person_id
    left join employment
        on
            resident.person_id = employment.person_id
            and resident.reference_year - 1 = employment.job_year
    left join student
        on
            resident.person_id = student.person_id
            and resident.reference_year - 1 = student.activity_year
    left join unemployment
        on
            resident.person_id = unemployment.person_id
            and resident.reference_year - 1 = unemployment.unemployment_year
),

final as (
    select
        person_id,
        base_year,
        is_employed,
        is_in_education,
        unemployed_months,
        case when age between 15 and 74 then {{ labour_status_by_precedence() }} end as labour_status,
    from facts
)

select * from final
