-- Grain: outcome_year, population, age_group, county_code.
-- Purpose: marts.child_emigration as it may leave the secure zone, with everybody together (population all): small
-- counts suppressed, others rounded, rates computed from the rounded counts (docs/disclosure.md). By county children
-- under 15, the age groups of the report, and people of 75 and over; narrower ages in the whole country.
--
-- Every combination of year, population, age group and county has a row, whether or not anybody is in it.
with

counted as (
    {{ shown_counts('child_emigration') }}
),

-- The years of the deliveries say which outcomes are provisional, whoever is in a county.
provisional as (
    select
        outcome_year,
        bool_or(outcome_is_provisional) as outcome_is_provisional,
    from {{ ref('child_emigration') }}
    group by outcome_year
),

final as (
    select
        counted.outcome_year,
        counted.population,
        counted.age_group,
        counted.county_code,
        provisional.outcome_is_provisional,
        counted.residents_n,
        counted.emigrants_n,
        counted.emigrants_n is null as is_suppressed,
        {{ released_ratio('counted.emigrants_n', 'counted.residents_n', per=100) }} as emigration_rate,
    from counted
    inner join provisional on counted.outcome_year = provisional.outcome_year
)

select * from final
order by outcome_year, population, age_group, county_code
