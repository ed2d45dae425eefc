-- Grain: outcome_year, from_place, from_code, to_place, to_code, sex, age_group, immigration_background, origin_group.
-- Population: everyone resident on 1 January of outcome_year or on the next one, once.
-- Purpose: where people were on the first day and on the second, by address: the smallest groups from which
-- marts.migration_flow adds up for every kind of region.
--
-- A place is home (with an address, NULL where there is none), or for who is there on one 1 January only
-- abroad:<group of countries>, birth, death or unaccounted. Years whose outcomes are provisional are left out: who came
-- in them is not known. Characteristics are those of the whole life, and the age of 31 December before the year, as in
-- person_year; who is not in the person register has the category missing, and counts as native.
--
-- Choices:
--   - a resident goes where the outcome says: administrative emigrations are emigrations; who died in the year and is
--     carried along as resident went to death, and is not counted among those of the next 1 January;
--   - a newcomer comes from where the last immigration of the year came from (of several on one day the one registered
--     first, as for emigrations): dated in it or on the next 1 January, or earlier and registered in it. Without one,
--     who was born in the year or on the next 1 January comes from birth, everybody else from unaccounted;
--   - a country that is not known, or is Norway, is abroad:unknown.
-- Source: Rapporter 2016/27, 2.1.4 and 2.2.
{{ config(meta={'year': 'outcome_year'}) }}
with

status as (
    select * from {{ from_year('int_outcome__status', 'base_year + 1') }}
    where not outcome_is_provisional
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
        origin_group,
        'abroad:' || case when destination_group <> 'norway' then destination_group else 'unknown' end as place,
    from {{ ref('country_group') }}
),

newcomer as (
    select
        *,
        reference_year - 1 as outcome_year,
    from {{ from_year('int_population__resident', 'reference_year - 1') }}
    where resident_januaries_n = 1
),

resident_flow as (
    select
        status.person_id,
        status.outcome_year,
        'home' as from_place,
        status.municipality_code as from_code,
        case
            when status.status = 'resident' then 'home'
            when status.status = 'emigration' then coalesce(country.place, 'abroad:unknown')
            else status.status
        end as to_place,
        case when status.status = 'resident' then status.next_municipality_code end as to_code,
    from status
    left join departure
        on
            status.outcome_year = departure.outcome_year
            and status.emigration_event_id = departure.last_departure_event_id
    left join country on departure.emigration_country = country.country_code
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
        newcomer.person_id,
        newcomer.outcome_year,
        case
            when last_immigration.person_id is not null then coalesce(country.place, 'abroad:unknown')
            when person.birth_year >= newcomer.outcome_year then 'birth'
            else 'unaccounted'
        end as from_place,
        null::varchar as from_code,
        'home' as to_place,
        newcomer.municipality_code as to_code,
    from newcomer
    inner join calendar on newcomer.outcome_year = calendar.calendar_year
    left join last_immigration
        on
            newcomer.person_id = last_immigration.person_id
            and newcomer.outcome_year = last_immigration.outcome_year
    left join country on last_immigration.from_country = country.country_code
    left join person on newcomer.person_id = person.person_id
    where calendar.has_population
),

flow as (
    select * from resident_flow
    union all
    select * from newcomer_flow
),

final as (
    select
        flow.* exclude (person_id),
        coalesce(person.sex, 'missing') as sex,
        {{ age_group_of_all('flow.outcome_year - 1 - person.birth_year') }} as age_group,
        case
            when person.is_immigrant then person.immigration_background
            when person.is_descendant then 'descendant'
            else 'native'
        end as immigration_background,
        case
            when person.person_id is null then 'missing'
            else coalesce(country.origin_group, 'unknown')
        end as origin_group,
        count(*) as persons_n,
    from flow
    left join person on flow.person_id = person.person_id
    left join country on person.country_background = country.country_code
    group by all
)

select * from final
