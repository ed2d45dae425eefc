-- Grain: person_id, income_year: persons in the income register.
-- Purpose: occupational income of the year relative to the median of those who have any (choice): none, low (below half
-- of the median), middle (up to one and a half), high.
{{ config(materialized='incremental', meta={'year': 'income_year'}) }}
with

income as (
    select * from {{ from_year('stg_inntekt__income', 'income_year') }}
),

typical as (
    select
        income_year,
        median(occupational_income_nok) as median_nok,
    from income
    where occupational_income_nok > 0
    group by income_year
),

final as (
    select
        income.person_id,
        income.income_year,
        income.occupational_income_nok,
        case
            when income.occupational_income_nok > 0 and income.occupational_income_nok < 0.5 * typical.median_nok
                then 'low'
            when income.occupational_income_nok > 1.5 * typical.median_nok then 'high'
            when income.occupational_income_nok > 0 then 'middle'
            else 'none'
        end as income_group,
    from income
    left join typical on income.income_year = typical.income_year
)

select * from final
