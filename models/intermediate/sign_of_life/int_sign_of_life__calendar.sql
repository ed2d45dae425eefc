-- Grain: calendar_year.
-- Purpose: whether every register that can show a sign of life was delivered for the year. Where one is missing the
-- absence of signs proves nothing.
{{ config(meta={'year': 'calendar_year'}) }}
with

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

complete as (
    select
        calendar_year,
        has_employment
        and has_education_activity
        and has_jobseekers
        and has_occupational_income
        and has_migration as has_all_sign_registers,
    from calendar
),

final as (
    select
        calendar_year,
        has_all_sign_registers,
        has_all_sign_registers
        and coalesce(lag(has_all_sign_registers) over (order by calendar_year), false)
            as has_all_sign_registers_two_years,
    from complete
)

select * from final
