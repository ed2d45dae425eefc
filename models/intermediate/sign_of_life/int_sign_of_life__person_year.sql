-- Grain: person_id, sign_year.
-- Purpose: calendar years in which a person left a trace of being in Norway (2.1.5): a job, an enrolment or exam,
-- any registration as jobseeker, an internal move or immigration, occupational income above zero. After-tax income
-- and wealth are not signs: they are the household's or persist without the person.
with

sign as (
    select person_id, job_year as sign_year
    from {{ ref('stg_sysselsetting__job') }}
    where is_employment
    union all
    select person_id, activity_year
    from {{ ref('stg_utdanningsaktivitet__activity') }}
    union all
    select person_id, registration_year
    from {{ ref('stg_arbeidssoker__registration') }}
    union all
    select person_id, income_year
    from {{ ref('stg_inntekt__income') }}
    where occupational_income_nok > 0
    union all
    select person_id, year(event_date)
    from {{ ref('int_migration__event') }}
    where event_type in ('internal', 'immigration')
),

final as (
    select distinct
        person_id,
        sign_year::integer as sign_year,
    from sign
)

select * from final
