-- Emigration of children of 0-17 and of people of 75 and over, by county.
-- depends_on: {{ ref('child_emigration') }}
--
-- Population: residents at the start of the year: immigrants, descendants (Norwegian-born with two immigrant parents),
--   natives.
-- Definition: emigrants per 100 residents; years whose outcomes are provisional are left out.
-- Grain: outcome_year, county_code, age_group, population.
-- Columns: outcome_year, county_code, age_group, population, residents_n, emigrants_n, emigration_rate.
-- Read: emigration_rate per cent of the children of that population left the country; county 0 is the whole country.
with

child_emigration as (
    select * from marts.child_emigration
    where
        age_group in ('0-17', '75+')
        and not outcome_is_provisional
),

final as (
    select
        outcome_year,
        county_code,
        age_group,
        population,
        residents_n,
        emigrants_n,
        emigration_rate,
    from child_emigration
)

select * from final
order by outcome_year, county_code, age_group, population
