-- Grain: person_id, sign_year.
-- Purpose: calendar years in which a person left a trace of being in Norway (2.1.5): a job, an enrolment or exam,
-- any registration as jobseeker, an internal move or immigration, occupational income above zero. After-tax income
-- and wealth are not signs: they are the household's or persist without the person. Which register showed it is kept.
{{ config(materialized='incremental', meta={'year': 'sign_year'}) }}
with

sign as (
    select person_id, job_year as sign_year, 'job' as sign_type
    from {{ from_year('stg_sysselsetting__job', 'job_year') }}
    where is_employment
    union all
    select person_id, activity_year, 'education'
    from {{ from_year('stg_utdanningsaktivitet__activity', 'activity_year') }}
    union all
    select person_id, registration_year, 'jobseeker'
    from {{ from_year('stg_arbeidssoker__registration', 'registration_year') }}
    union all
    select person_id, income_year, 'income'
    from {{ from_year('stg_inntekt__income', 'income_year') }}
    where occupational_income_nok > 0
    union all
    select person_id, year(event_date), 'move'
    from {{ from_year('int_migration__event', 'year(event_date)') }}
    where event_type in ('internal', 'immigration')
),

final as (
    select
        person_id,
        sign_year::integer as sign_year,
        bool_or(sign_type = 'job') as has_job,
        bool_or(sign_type = 'education') as has_education_activity,
        bool_or(sign_type = 'jobseeker') as has_jobseeker_registration,
        bool_or(sign_type = 'income') as has_occupational_income,
        bool_or(sign_type = 'move') as has_move,
    from sign
    group by person_id, sign_year
)

select * from final
