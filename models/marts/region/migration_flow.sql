-- Grain: outcome_year, region_level, from_region, to_region, dimension, category.
-- Population: everyone resident on 1 January of outcome_year or on the next one, once.
-- Purpose: from where to where people moved, came and left. By from_region they are the residents of person_year with
-- their outcomes, by to_region the residents of the next 1 January.
--
-- Regions are the counties of 2013, so that no county reform is a move; Svalbard (21) and other territories (22, 23)
-- are regions of their own, as in int_municipality__move; an address that is not known is the region unknown. Who stays
-- is a row from a region to itself. Who is there on one 1 January only comes from or goes to abroad:<group of
-- countries>, birth, death or unaccounted. Years whose outcomes are provisional are left out: who came in them is not
-- known.
--
-- Choices:
--   - a resident goes where the outcome by county says: administrative emigrations are emigrations; who died in the
--     year and is carried along as resident went to death, and is not counted among those of the next 1 January;
--   - no move is known of an address that is not: a row from or to unknown is part of those who stayed;
--   - who stayed in a municipality that was merged with one of another county stays in the county, though the next
--     person_year has the person in the other;
--   - a newcomer comes from where the last immigration of the year came from (of several on one day the one registered
--     first, as for emigrations): dated in it or on the next 1 January, or earlier and registered in it. Without one,
--     who was born in the year or on the next 1 January comes from birth, everybody else from unaccounted;
--   - a country that is not known, or is Norway, is abroad:unknown.
-- Source: Rapporter 2016/27, 2.1.4 and 2.2.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

status as (
    select * from {{ from_year('int_outcome__status', 'base_year + 1') }}
    where not outcome_is_provisional
),

move as (
    select * from {{ from_year('int_municipality__move', 'outcome_year') }}
),

region as (
    select
        municipality_code,
        case when kind <> 'unknown' then coalesce(county_code, left(municipality_code, 2)) end as region,
    from {{ ref('int_municipality__region') }}
),

departure as (
    select * from {{ from_year('int_outcome__departure_summary', 'outcome_year') }}
),

-- Dated on the 1 January after the year or earlier, however much earlier.
event as (
    select * from {{ all_years('int_migration__event', 'year(event_date) - 1') }}
),

person as (
    select * from {{ all_years('int_population__person', 'first_reference_year - 1') }}
),

calendar as (
    select * from {{ from_year('int_deliveries__calendar', 'calendar_year') }}
),

country as (
    select
        country_code,
        'abroad:' || case when destination_group <> 'norway' then destination_group else 'unknown' end as region,
    from {{ ref('country_group') }}
),

newcomer as (
    select
        *,
        reference_year - 1 as outcome_year,
    from {{ from_year('int_population__resident', 'reference_year - 1') }}
    where resident_januaries_n = 1
),

-- Addresses are few, persons are many.
resident as (
    select
        status.outcome_year,
        status.status,
        status.municipality_code,
        status.next_municipality_code,
        departure.emigration_country,
        count(*) as persons_n,
    from status
    left join departure
        on
            status.outcome_year = departure.outcome_year
            and status.emigration_event_id = departure.last_departure_event_id
    group by all
),

resident_flow as (
    select
        resident.outcome_year,
        coalesce(origin.region, 'unknown') as from_region,
        case
            when resident.status = 'emigration' then coalesce(country.region, 'abroad:unknown')
            when resident.status <> 'resident' then resident.status
            when move.is_county_move or origin.region is null then coalesce(destination.region, 'unknown')
            when destination.region is not null then origin.region
            else 'unknown'
        end as to_region,
        resident.persons_n,
    from resident
    left join region as origin on resident.municipality_code = origin.municipality_code
    left join region as destination on resident.next_municipality_code = destination.municipality_code
    left join country on resident.emigration_country = country.country_code
    left join move
        on
            resident.outcome_year = move.outcome_year
            and resident.municipality_code = move.from_code
            and resident.next_municipality_code = move.to_code
),

-- The years that an immigration can explain.
immigration as (
    select
        *,
        unnest([year(event_date - 1), year(event_date), year(registered_date)])::integer as outcome_year,
    from event
    where event_type = 'immigration'
),

last_immigration as (
    select
        newcomer.person_id,
        newcomer.outcome_year,
        first(
            immigration.from_country
            order by immigration.event_date desc, immigration.registered_date asc nulls last, immigration.event_id
        ) as from_country,
    from newcomer
    inner join immigration
        on
            newcomer.person_id = immigration.person_id
            and newcomer.outcome_year = immigration.outcome_year
            and immigration.event_date <= make_date(newcomer.reference_year, 1, 1)
    group by newcomer.person_id, newcomer.outcome_year
),

newcomer_flow as (
    select
        newcomer.outcome_year,
        case
            when last_immigration.person_id is not null then coalesce(country.region, 'abroad:unknown')
            when person.birth_year >= newcomer.outcome_year then 'birth'
            else 'unaccounted'
        end as from_region,
        coalesce(region.region, 'unknown') as to_region,
        1 as persons_n,
    from newcomer
    inner join calendar on newcomer.outcome_year = calendar.calendar_year
    left join last_immigration
        on
            newcomer.person_id = last_immigration.person_id
            and newcomer.outcome_year = last_immigration.outcome_year
    left join country on last_immigration.from_country = country.country_code
    left join person on newcomer.person_id = person.person_id
    left join region on newcomer.municipality_code = region.municipality_code
    where calendar.has_population
),

flow as (
    select * from resident_flow
    union all
    select * from newcomer_flow
),

final as (
    select
        outcome_year,
        'county' as region_level,
        from_region,
        to_region,
        'none' as dimension,
        'all' as category,
        sum(persons_n)::bigint as persons_n,
    from flow
    group by all
)

select * from final
order by outcome_year, region_level, from_region, to_region, dimension, category
