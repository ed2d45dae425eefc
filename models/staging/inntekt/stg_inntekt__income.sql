-- Grain: person and income_year. Amounts in NOK of the year.
{{ config(meta={'year': 'income_year'}) }}
with

source as (
    select * from {{ source('registers', 'inntekt') }}
),

final as (
    select
        personid as person_id,
        periode as income_year,
        wyrkinnt as occupational_income_nok,
        wies as after_tax_income_per_unit_nok,
        nettoformue as net_wealth_nok,
    from source
)

select * from final
