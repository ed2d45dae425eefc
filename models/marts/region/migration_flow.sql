-- Grain: outcome_year, region_level, from_region, to_region, dimension, category.
-- Population: everyone resident on 1 January of outcome_year or on the next one, once (int_flow__person_group says who
-- came from where).
-- Purpose: from where to where people moved, came and left. By from_region they are the residents of person_year with
-- their outcomes, by to_region the residents of the next 1 January. migration_balance adds up what came and went.
--
-- Who stays is a row from a region to itself. Who is there on one 1 January only comes from or goes to abroad:<group of
-- countries>, birth, death or unaccounted. Natives are everybody but immigrants and children of two immigrants.
-- Each characteristic adds up to everybody. Regions are
--   - municipality, county: of 2013, so that no reform is a move;
--   - centrality: four levels of 2008, 4 the most central, of outcome years to 2017;
--   - centrality_class: six classes of the index, 1 the most central, by the list of the year, from 2020 on. The year
--     between two lists (2023) is left out: who did not move may change class in it, and who moved may not.
-- Svalbard (21) and other territories (22, 23) are regions of their own at every level, as in int_municipality__move;
-- an address that is not known is the region unknown.
--
-- Choices:
--   - no move is known of an address that is not: a row from or to unknown is part of those who stayed;
--   - municipalities by background alone: by another characteristic nearly every row would be one person;
--   - who stayed in a municipality that was merged with one of another region stays in the region, though the next
--     person_year has the person in the other.
-- Source: Rapporter 2016/27, 2.1.4 and 2.2.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

person_group as (
    select * from {{ from_year('int_flow__person_group', 'outcome_year') }}
),

move as (
    select * from {{ from_year('int_municipality__move', 'outcome_year') }}
),

municipality as (
    select * from {{ ref('int_municipality__region') }}
    where kind <> 'unknown'
),

list as (
    select * from {{ ref('centrality_class') }}
),

calendar as (
    select calendar_year as outcome_year
    from {{ from_year('int_deliveries__calendar', 'calendar_year') }}
),

-- The classes of the list in force on both 1 Januaries; the territories are regions of their own in every list.
class_of_year as (
    select
        calendar.outcome_year,
        municipality.municipality_code,
        case
            when municipality.kind = 'ordinary' then list.centrality_class::varchar
            else left(municipality.municipality_code, 2)
        end as region,
    from calendar
    cross join municipality
    left join list
        on
            municipality.municipality_code = list.municipality_code
            and calendar.outcome_year >= year(list.valid_from)
            and coalesce(calendar.outcome_year < year(list.valid_to), true)
    where
        calendar.outcome_year >= {{ var('first_year_of_centrality_class') }}
        and not exists (
            select 1 from list as later
            where year(later.valid_from) = calendar.outcome_year + 1
        )
),

-- Addresses are few, and groups of persons many: first everybody of a category, then regions.
counted as (
    select
        person_group.outcome_year,
        person_group.from_place,
        person_group.from_code,
        person_group.to_place,
        person_group.to_code,
        dimension.dimension,
        dimension.category,
        sum(person_group.persons_n) as persons_n,
    from
        person_group,
        lateral (
            values
            ('none', 'all'),
            ('sex', person_group.sex),
            ('age_group', person_group.age_group),
            ('immigration_background', person_group.immigration_background),
            ('origin_group', person_group.origin_group)
        ) as dimension (dimension, category)
    group by all
),

address as (
    select distinct
        outcome_year,
        from_place,
        from_code,
        to_place,
        to_code,
    from counted
),

-- The two regions of the addresses, and whether a move between the addresses is one between regions.
located as (
    select
        address.*,
        level.region_level,
        level.origin,
        level.destination,
        level.is_move,
    from address
    left join municipality as origin on address.from_code = origin.municipality_code
    left join municipality as destination on address.to_code = destination.municipality_code
    left join class_of_year as class_before
        on
            address.outcome_year = class_before.outcome_year
            and address.from_code = class_before.municipality_code
    left join class_of_year as class_after
        on
            address.outcome_year = class_after.outcome_year
            and address.to_code = class_after.municipality_code
    left join move
        on
            address.outcome_year = move.outcome_year
            and address.from_code = move.from_code
            and address.to_code = move.to_code,
        lateral (
            values
            (
                'municipality',
                coalesce(origin.municipality_code_2013, origin.municipality_code),
                coalesce(destination.municipality_code_2013, destination.municipality_code),
                move.is_municipality_move
            ),
            (
                'county',
                coalesce(origin.county_code, left(origin.municipality_code, 2)),
                coalesce(destination.county_code, left(destination.municipality_code, 2)),
                move.is_county_move
            ),
            (
                'centrality',
                coalesce(origin.centrality_level::varchar, left(origin.municipality_code, 2)),
                coalesce(destination.centrality_level::varchar, left(destination.municipality_code, 2)),
                move.is_centrality_move
            ),
            ('centrality_class', class_before.region, class_after.region, move.is_centrality_class_move)
        ) as level (region_level, origin, destination, is_move)
    where
        level.region_level in ('municipality', 'county')
        or (
            level.region_level = 'centrality'
            and address.outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
        )
        or (
            level.region_level = 'centrality_class'
            and address.outcome_year in (select outcome_year from class_of_year)
        )
),

between_regions as (
    select
        outcome_year,
        from_place,
        from_code,
        to_place,
        to_code,
        region_level,
        case when from_place = 'home' then coalesce(origin, 'unknown') else from_place end as from_region,
        case
            when to_place <> 'home' then to_place
            when from_place <> 'home' or is_move or origin is null then coalesce(destination, 'unknown')
            when destination is not null then origin
            else 'unknown'
        end as to_region,
    from located
),

final as (
    select
        counted.outcome_year,
        between_regions.region_level,
        between_regions.from_region,
        between_regions.to_region,
        counted.dimension,
        counted.category,
        sum(counted.persons_n)::bigint as persons_n,
    from counted
    inner join between_regions
        on
            counted.outcome_year = between_regions.outcome_year
            and counted.from_place = between_regions.from_place
            and counted.to_place = between_regions.to_place
            and counted.from_code is not distinct from between_regions.from_code
            and counted.to_code is not distinct from between_regions.to_code
    where
        between_regions.region_level <> 'municipality'
        or counted.dimension in ('none', 'immigration_background')
    group by all
)

select * from final
order by outcome_year, region_level, from_region, to_region, dimension, category
