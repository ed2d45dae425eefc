-- Grain: person_id, reference_year.
-- Purpose: who entered the population at risk and who left it: residents of a 1 January who were not residents the
-- 1 January before (is_resident), and residents of the 1 January before who are not any more (not is_resident). The
-- residents of the first 1 January delivered all enter.
{{ config(materialized='incremental', meta={'year': 'reference_year'}) }}
with

resident as (
    select * from {{ from_year('int_population__resident', 'reference_year', earlier=1) }}
),

january as (
    select * from {{ from_year('stg_befolkning__january', 'reference_year') }}
),

calendar as (
    select * from {{ from_year('int_deliveries__calendar', 'calendar_year') }}
),

entry as (
    select
        person_id,
        reference_year,
        true as is_resident,
        false as is_dead,
    from resident
    where resident_januaries_n = 1
),

departed as (
    select
        resident.person_id,
        resident.reference_year + 1 as reference_year,
    from resident
    inner join calendar on resident.reference_year + 1 = calendar.calendar_year
    anti join resident as later
        on
            resident.person_id = later.person_id
            and resident.reference_year + 1 = later.reference_year
    where calendar.has_population
),

leaving as (
    select
        departed.person_id,
        departed.reference_year,
        false as is_resident,
        coalesce(january.is_dead, false) as is_dead,
    from departed
    left join january
        on
            departed.person_id = january.person_id
            and departed.reference_year = january.reference_year
),

final as (
    select * from entry
    union all
    select * from leaving
)

select * from final
order by reference_year, person_id
