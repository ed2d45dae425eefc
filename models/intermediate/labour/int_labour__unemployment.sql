-- Grain: person_id, unemployment_year.
-- Purpose: distinct calendar months with a registration as unemployed (2.1.6).
--
-- The report says only that a person is registered in the register of unemployment for a month or more. We take the
-- wholly unemployed, the usual meaning of "registrert arbeidsledig" (choice); the variable unemployed_jobseekers adds
-- the partly employed and the participants of programmes.
{{ config(materialized='incremental', meta={'year': 'unemployment_year'}) }}
with

registration as (
    select * from {{ from_year('stg_arbeidssoker__registration', 'registration_year') }}
    where jobseeker_group in ({{ jobseekers_who_count() }})
),

final as (
    select
        person_id,
        registration_year as unemployment_year,
        count(distinct registration_month)::integer as unemployed_months,
    from registration
    group by person_id, registration_year
)

select * from final
