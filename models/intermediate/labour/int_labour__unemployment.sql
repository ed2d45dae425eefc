-- Grain: person_id, unemployment_year.
-- Purpose: distinct calendar months with a registration as wholly unemployed (2.1.6).
{{ config(materialized='incremental', meta={'year': 'unemployment_year', 'rests_on': {'arbeidssoker': 0}}) }}
with

registration as (
    select * from {{ ref('stg_arbeidssoker__registration') }}
    where
        is_wholly_unemployed
        and {{ is_needed('registration_year') }}
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
