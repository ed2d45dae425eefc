-- marts.migration_flow by from_region and by to_region beside the residents of person_year, county by county and for
-- everybody else together. A resident who is carried along after death is not counted on the next 1 January.
--
-- Left out on the next 1 January: counties one of which takes over a municipality of another that day. Who stayed there
-- is counted in the old one (the header of migration_flow).
with

flow as (
    select * from {{ ref('migration_flow') }}
    where
        region_level = 'county'
        and dimension = 'none'
),

person_year as (
    select * from {{ ref('person_year') }}
),

county as (
    select distinct county_code from {{ ref('municipality_2013') }}
),

region as (
    select * from {{ ref('int_municipality__region') }}
),

reform as (
    select * from {{ ref('municipality_reform') }}
),

years as (
    select distinct outcome_year from flow
),

taken_over as (
    select distinct
        year(reform.changed_on) - 1 as outcome_year,
        unnest([origin.county_code, destination.county_code]) as county_code,
    from reform
    inner join region as origin on reform.old_code = origin.municipality_code
    inner join region as destination on reform.new_code = destination.municipality_code
    where origin.county_code <> destination.county_code
),

of_the_year as (
    select
        'the year' as january_of,
        flow.outcome_year,
        county.county_code,
        sum(flow.persons_n) as residents_n,
        sum(flow.persons_n) filter (where flow.to_region like 'abroad:%') as emigrants_n,
        sum(flow.persons_n) filter (where flow.to_region = 'death') as deaths_n,
        sum(flow.persons_n) filter (where flow.to_region = 'unaccounted') as unaccounted_n,
    from flow
    left join county on flow.from_region = county.county_code
    where
        flow.from_region not like 'abroad:%'
        and flow.from_region not in ('birth', 'unaccounted')
    group by all
),

residents_of_the_year as (
    select
        'the year' as january_of,
        outcome_year,
        county_code,
        count(*) as residents_n,
        nullif(count(*) filter (where outcome_county = 'emigration'), 0) as emigrants_n,
        nullif(count(*) filter (where outcome_county = 'death'), 0) as deaths_n,
        nullif(count(*) filter (where outcome_county = 'unaccounted'), 0) as unaccounted_n,
    from person_year
    where not outcome_is_provisional
    group by all
),

of_the_next_january as (
    select
        'the next' as january_of,
        flow.outcome_year,
        county.county_code,
        sum(flow.persons_n) as residents_n,
    from flow
    left join county on flow.to_region = county.county_code
    where
        flow.to_region not like 'abroad:%'
        and flow.to_region not in ('death', 'unaccounted')
    group by all
),

dead as (
    select
        person_id,
        outcome_year,
    from person_year
    where outcome_county = 'death'
),

residents_of_the_next_january as (
    select
        'the next' as january_of,
        person_year.base_year as outcome_year,
        person_year.county_code,
        count(*) as residents_n,
    from person_year
    inner join years on person_year.base_year = years.outcome_year
    anti join dead
        on
            person_year.person_id = dead.person_id
            and person_year.base_year = dead.outcome_year
    group by all
),

flows as (
    select * from of_the_year
    union all by name
    select * from of_the_next_january
),

residents as (
    select * from residents_of_the_year
    union all by name
    select * from residents_of_the_next_january
),

different as (
    (
        select * from flows
        except
        select * from residents
    )
    union all
    (
        select * from residents
        except
        select * from flows
    )
),

final as (
    select different.*
    from different
    anti join taken_over
        on
            different.outcome_year = taken_over.outcome_year
            and different.county_code = taken_over.county_code
            and different.january_of = 'the next'
)

select * from final
