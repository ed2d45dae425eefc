-- Grain: person_id, reference_year.
-- Purpose: who entered the population at risk and who left it: residents of a 1 January who were not residents the
-- 1 January before (is_resident), and residents of the 1 January before who are not any more (not is_resident). The
-- residents of the first 1 January delivered all enter.
--
-- By year: a January counts in its own year and in the one after it.
{{ config(materialized='incremental', meta={'year': 'reference_year', 'rests_on': {'befolkning': 0}}) }}
with

resident as (
    select * from {{ ref('int_population__resident') }}
    where {{ is_needed('reference_year', earlier=1) }}
),

january as (
    select * from {{ ref('stg_befolkning__january') }}
    where {{ is_needed('reference_year') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

entry as (
    select
        person_id,
        reference_year,
        true as is_resident,
        false as is_dead,
    from resident
    where
        resident_januaries_n = 1
        and {{ is_needed('reference_year') }}
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
    where
        calendar.has_population
        and {{ is_needed('resident.reference_year + 1') }}
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
