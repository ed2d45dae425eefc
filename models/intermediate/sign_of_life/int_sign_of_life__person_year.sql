-- Grain: person_id, sign_year.
-- Purpose: calendar years in which a person left a trace of being in Norway (2.1.5): a job, an enrolment or exam,
-- any registration as jobseeker, an internal move or immigration, occupational income above zero. After-tax income
-- and wealth are not signs: they are the household's or persist without the person. Which register showed it is kept.
{{ config(
    materialized='incremental',
    meta={
        'year': 'sign_year',
        'rests_on': {
            'sysselsetting': 0,
            'utdanningsaktivitet': 0,
            'arbeidssoker': 0,
            'inntekt': 0,
            'flytting': 0,
        },
    }
) }}
with

sign as (
    select person_id, job_year as sign_year, 'job' as sign_type
    from {{ ref('stg_sysselsetting__job') }}
    where
        is_employment
        and {{ is_needed('job_year') }}
    union all
    select person_id, activity_year, 'education'
    from {{ ref('stg_utdanningsaktivitet__activity') }}
    where {{ is_needed('activity_year') }}
    union all
    select person_id, registration_year, 'jobseeker'
    from {{ ref('stg_arbeidssoker__registration') }}
    where {{ is_needed('registration_year') }}
    union all
    select person_id, income_year, 'income'
    from {{ ref('stg_inntekt__income') }}
    where
        occupational_income_nok > 0
        and {{ is_needed('income_year') }}
    union all
    select person_id, year(event_date), 'move'
    from {{ ref('int_migration__event') }}
    where
        event_type in ('internal', 'immigration')
        and {{ is_needed('year(event_date)') }}
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
