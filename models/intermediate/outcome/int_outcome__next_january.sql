-- Grain: person_id, base_year: everyone resident on 1 January of outcome_year (= base_year + 1).
-- Purpose: the two residences that an outcome compares (2.1.4). Where no next 1 January was delivered the second
-- address is the last one that the events of the year name, else the first.
--
-- By year: 1 January ends the outcome year before it, of which the base year is one more before. Events matter to their
-- own year, and only where no next 1 January was delivered.
{{ config(materialized='incremental', meta={'year': 'base_year', 'rests_on': {'befolkning': -2, 'events_alone': -1}}) }}
with

resident as (
    select * from {{ ref('int_population__resident') }}
    where {{ is_needed('reference_year - 1') }}
),

january as (
    select * from {{ ref('stg_befolkning__january') }}
    where {{ is_needed('reference_year - 2') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

last_address as (
    select * from {{ ref('int_outcome__last_address') }}
),

final as (
    select
        resident.person_id,
        resident.reference_year - 1 as base_year,
        resident.reference_year as outcome_year,
        next_year.has_population as has_next_january,
        this_year.has_migration as has_events,
        coalesce(january.is_resident, false) as is_resident_next_january,
        coalesce(january.is_dead, false) as is_dead_next_january,
        resident.family_id,
        resident.municipality_code,
        case
            when next_year.has_population then january.municipality_code
            else coalesce(last_address.municipality_code, resident.municipality_code)
        end as next_municipality_code,
    from resident
    inner join calendar as this_year on resident.reference_year = this_year.calendar_year
    inner join calendar as next_year on resident.reference_year + 1 = next_year.calendar_year
    left join january
        on
            resident.person_id = january.person_id
            and resident.reference_year + 1 = january.reference_year
    left join last_address
        on
            resident.person_id = last_address.person_id
            and resident.reference_year = last_address.outcome_year
)

select * from final
