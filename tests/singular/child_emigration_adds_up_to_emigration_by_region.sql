-- marts.child_emigration: all ages of a population are that population in emigration_by_region, county by county and in
-- the country, and the narrow age groups of those whose age is known are all ages.
with

child_emigration as (
    select * from {{ ref('child_emigration') }}
),

emigration_by_region as (
    select * from {{ ref('emigration_by_region') }}
),

by_age as (
    select
        outcome_year,
        population,
        county_code,
        sum(residents_n) as residents_n,
    from child_emigration
    where age_group in ('0-5', '6-14', '15-17', '18-24', '25-35', '36-61', '62-74', '75-84', '85+')
    group by all
),

of_all_ages as (
    select * from child_emigration
    where age_group = 'all'
),

region as (
    select
        *,
        case population
            when 'immigrants' then 'immigrant'
            when 'children_of_immigrants' then 'descendant'
            when 'others' then 'native'
        end as of_population,
    from emigration_by_region
    where
        region_level in ('country', 'county')
        and immigration_background = 'all'
        and population <> 'all'
),

final as (
    select
        coalesce(of_all_ages.outcome_year, region.outcome_year) as outcome_year,
        coalesce(of_all_ages.population, region.of_population) as population,
        coalesce(of_all_ages.county_code, region.region_code) as county_code,
    from of_all_ages
    full join region
        on
            of_all_ages.outcome_year = region.outcome_year
            and of_all_ages.population = region.of_population
            and of_all_ages.county_code = region.region_code
    left join by_age
        on
            of_all_ages.outcome_year = by_age.outcome_year
            and of_all_ages.population = by_age.population
            and of_all_ages.county_code = by_age.county_code
    where
        (of_all_ages.residents_n, of_all_ages.emigrants_n, of_all_ages.internal_outmigrants_n, of_all_ages.deaths_n)
        is distinct from (region.residents_n, region.emigrants_n, region.internal_outmigrants_n, region.deaths_n)
        or (
            of_all_ages.population <> 'native'
            and of_all_ages.residents_n is distinct from by_age.residents_n
        )
)

select * from final
