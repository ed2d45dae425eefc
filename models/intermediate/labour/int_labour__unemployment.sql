-- Grain: person_id, unemployment_year.
-- Purpose: distinct calendar months with a registration as wholly unemployed (2.1.6).
{{ config(materialized='incremental', meta={'year': 'unemployment_year'}) }}
with

registration as (
    select * from {{ from_year('stg_arbeidssoker__registration', 'registration_year') }}
    where is_wholly_unemployed
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
