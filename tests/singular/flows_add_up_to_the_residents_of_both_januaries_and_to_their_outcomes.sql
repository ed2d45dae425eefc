-- marts.migration_flow by from_region and by to_region beside the residents of person_year and their outcomes, region
-- by region of every level and for everybody else together; of counties by background and origin too. A resident who is
-- carried along after death is not counted on the next 1 January.
--
-- Left out on the next 1 January: regions one of which takes over a municipality of another that day. Who stayed there
-- is counted in the old one (the header of migration_flow). Movers are compared to 2017: later they are judged in
-- another division than that of the regions. Of classes the next 1 January is not compared.
with

flow as (
    select * from {{ ref('migration_flow') }}
    where
        dimension = 'none'
        or (region_level = 'county' and dimension in ('immigration_background', 'origin_group'))
),

person_year as (
    select * from {{ ref('person_year') }}
),

country as (
    select * from {{ ref('country_group') }}
),

municipality as (
    select * from {{ ref('int_municipality__region') }}
),

reform as (
    select * from {{ ref('municipality_reform') }}
),

region as (
    select distinct
        unnest(['municipality', 'county', 'centrality']) as region_level,
        unnest([municipality_code_2013, county_code, centrality_level::varchar]) as region_code,
    from municipality
    where kind = 'ordinary'
    union all
    select distinct
        'centrality_class' as region_level,
        centrality_class::varchar as region_code,
    from {{ ref('centrality_class') }}
),

levels as (
    select distinct
        outcome_year,
        region_level,
    from flow
),

taken_over as (
    select distinct
        year(reform.changed_on) - 1 as outcome_year,
        level.region_level,
        unnest([level.origin, level.destination]) as region_code,
    from reform
    inner join municipality as origin on reform.old_code = origin.municipality_code
    inner join municipality as destination on reform.new_code = destination.municipality_code,
        lateral (
            values
            ('municipality', origin.municipality_code_2013, destination.municipality_code_2013),
            ('county', origin.county_code, destination.county_code),
            ('centrality', origin.centrality_level::varchar, destination.centrality_level::varchar)
        ) as level (region_level, origin, destination)
    where level.origin <> level.destination
),

dead as (
    select
        person_id,
        outcome_year,
    from person_year
    where outcome_municipality = 'death'
),

resident as (
    select
        person_year.* exclude (municipality_code),
        person_year.municipality_code_2013 as municipality_code,
        dead.person_id is null as is_alive,
        coalesce(person_year.outcome_is_provisional, true) as is_without_next_january,
        case
            when person_year.is_immigrant then person_year.immigration_background
            when person_year.is_descendant then 'descendant'
            else 'native'
        end as background,
    from person_year
    left join dead
        on
            person_year.person_id = dead.person_id
            and person_year.base_year = dead.outcome_year
),

-- Places are many, and so are origins: each by itself.
by_place as (
    select
        outcome_year,
        is_alive,
        is_without_next_january,
        municipality_code,
        county_code,
        centrality_level,
        centrality_class,
        outcome_municipality,
        outcome_county,
        outcome_centrality,
        outcome_centrality_class,
        count(*) as persons_n,
    from resident
    group by all
),

by_origin as (
    select
        outcome_year,
        is_alive,
        is_without_next_january,
        county_code,
        outcome_municipality,
        outcome_county,
        background,
        country_background,
        sex is null as is_missing,
        count(*) as persons_n,
    from resident
    group by all
),

counted as (
    select
        by_place.* exclude (outcome_county, outcome_centrality, outcome_centrality_class),
        level.region_level,
        level.region_code,
        level.outcome,
        'none' as dimension,
        'all' as category,
    from
        by_place,
        lateral (
            values
            ('municipality', municipality_code, outcome_municipality),
            ('county', county_code, outcome_county),
            ('centrality', centrality_level::varchar, outcome_centrality),
            ('centrality_class', centrality_class::varchar, outcome_centrality_class)
        ) as level (region_level, region_code, outcome)
    union all by name
    select
        by_origin.* exclude (outcome_county),
        'county' as region_level,
        by_origin.county_code as region_code,
        by_origin.outcome_county as outcome,
        dimension.dimension,
        dimension.category,
    from by_origin
    left join country on by_origin.country_background = country.country_code,
        lateral (
            values
            ('immigration_background', by_origin.background),
            (
                'origin_group',
                case when by_origin.is_missing then 'missing' else coalesce(country.origin_group, 'unknown') end
            )
        ) as dimension (dimension, category)
),

of_the_year as (
    select
        'the year' as january_of,
        flow.outcome_year,
        flow.region_level,
        region.region_code,
        flow.dimension,
        flow.category,
        sum(flow.persons_n) as residents_n,
        sum(flow.persons_n) filter (where flow.to_region like 'abroad:%') as emigrants_n,
        sum(flow.persons_n) filter (where flow.to_region = 'death') as deaths_n,
        sum(flow.persons_n) filter (where flow.to_region = 'unaccounted') as unaccounted_n,
        sum(flow.persons_n) filter (
            where flow.outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
            and region.region_code is not null and flow.from_region <> flow.to_region
            and flow.to_region not like 'abroad:%' and flow.to_region not in ('death', 'unaccounted', 'unknown')
        ) as movers_n,
    from flow
    left join region
        on
            flow.region_level = region.region_level
            and flow.from_region = region.region_code
    where
        flow.from_region not like 'abroad:%'
        and flow.from_region not in ('birth', 'unaccounted')
    group by all
),

residents_of_the_year as (
    select
        'the year' as january_of,
        counted.outcome_year,
        counted.region_level,
        counted.region_code,
        counted.dimension,
        counted.category,
        sum(counted.persons_n) as residents_n,
        sum(counted.persons_n) filter (where counted.outcome_municipality = 'emigration') as emigrants_n,
        sum(counted.persons_n) filter (where counted.outcome_municipality = 'death') as deaths_n,
        sum(counted.persons_n) filter (where counted.outcome_municipality = 'unaccounted') as unaccounted_n,
        sum(counted.persons_n) filter (
            where counted.outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
            and counted.outcome = 'internal_outmigration' and counted.region_code is not null
        ) as movers_n,
    from counted
    inner join levels
        on
            counted.outcome_year = levels.outcome_year
            and counted.region_level = levels.region_level
    where not counted.is_without_next_january
    group by all
),

of_the_next_january as (
    select
        'the next' as january_of,
        flow.outcome_year,
        flow.region_level,
        region.region_code,
        flow.dimension,
        flow.category,
        sum(flow.persons_n) as residents_n,
    from flow
    left join region
        on
            flow.region_level = region.region_level
            and flow.to_region = region.region_code
    where
        flow.to_region not like 'abroad:%'
        and flow.to_region not in ('death', 'unaccounted')
        and flow.region_level <> 'centrality_class'
    group by all
),

residents_of_the_next_january as (
    select
        'the next' as january_of,
        counted.outcome_year - 1 as outcome_year,
        counted.region_level,
        counted.region_code,
        counted.dimension,
        counted.category,
        sum(counted.persons_n) as residents_n,
    from counted
    inner join levels
        on
            counted.outcome_year - 1 = levels.outcome_year
            and counted.region_level = levels.region_level
    where
        counted.is_alive
        and counted.region_level <> 'centrality_class'
        -- Levels of centrality have no person in the year after the last.
        and (
            counted.region_level <> 'centrality'
            or counted.outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
        )
    group by all
),

flows as (
    select * from of_the_year
    union all by name
    select * from of_the_next_january
    where
        region_level <> 'centrality'
        or outcome_year < {{ var('last_outcome_year_in_division_2013') }}
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
            and different.region_level = taken_over.region_level
            and different.region_code = taken_over.region_code
            and different.january_of = 'the next'
)

select * from final
