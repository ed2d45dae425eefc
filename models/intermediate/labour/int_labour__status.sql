-- Grain: person_id, base_year: everyone resident on 1 January of base_year + 1.
-- Purpose: labour market status in base_year (2.1.6, figure 2.1) and the three facts it rests on.
--
-- The facts hold at every age and are NULL where their register was not delivered for the year; the status is NULL
-- as soon as one of them is, and outside ages 15-74 (choice: 2.1.6 says 16-74 for the last group, 15-74 for others).
{{ config(materialized='incremental', meta={'year': 'base_year'}) }}
with

resident as (
    select * from {{ from_year('int_population__resident', 'reference_year - 1') }}
),

person as (
    select * from {{ all_years('int_population__person', 'first_reference_year - 1') }}
),

calendar as (
    select * from {{ all_years('int_deliveries__calendar', 'calendar_year') }}
),

employment as (
    select * from {{ from_year('int_labour__employment', 'job_year') }}
),

student as (
    select * from {{ from_year('int_education__student', 'activity_year') }}
),

unemployment as (
    select * from {{ from_year('int_labour__unemployment', 'unemployment_year') }}
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
        case when {{ is_age_15_74('age') }} then {{ labour_status_by_precedence() }} end as labour_status,
    from facts
)

select * from final
