-- Grain: person_id, base_year of person-years with an emigration in outcome_year.
-- Purpose: the situation in the last year before an emigration: education, labour market status and income.
--
-- By year: as person_year, and the income of base_year.
{{ config(
    materialized='incremental',
    meta={'year': 'base_year', 'follows': {'person_year': 0}, 'rests_on': {'inntekt': 0}}
) }}
with

person_year as (
    select * from {{ ref('person_year') }}
    where
        emigration_date is not null
        and {{ is_needed('base_year') }}
),

income as (
    select * from {{ ref('int_income__person_year') }}
    where {{ is_needed('income_year') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

final as (
    select
        person_year.person_id,
        person_year.base_year,
        person_year.emigration_date,
        person_year.education_group,
        person_year.labour_status,
        income.occupational_income_nok,
        {{ income_group_of_resident() }} as income_group,
    from person_year
    left join income
        on
            person_year.person_id = income.person_id
            and person_year.base_year = income.income_year
    left join calendar on person_year.base_year = calendar.calendar_year
)

select * from final
