-- Grain: person_id, base_year of person-years with an emigration in outcome_year.
-- Purpose: the situation in the last year before an emigration: education, labour market status and income.
{{ config(materialized='incremental', meta={'year': 'base_year'}) }}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year') }}
    where emigration_date is not null
),

income as (
    select * from {{ from_year('int_income__person_year', 'income_year') }}
),

calendar as (
    select * from {{ from_year('int_deliveries__calendar', 'calendar_year') }}
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
