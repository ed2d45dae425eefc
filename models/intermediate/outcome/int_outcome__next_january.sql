-- Grain: person_id, base_year: everyone resident on 1 January of outcome_year (= base_year + 1).
-- Purpose: the two residences that an outcome compares (2.1.4). Where no next 1 January was delivered the second
-- address is the last one that the events of the year name, else the first.
{{ config(materialized='incremental', meta={'year': 'base_year'}) }}
with

resident as (
    select * from {{ from_year('int_population__resident', 'reference_year - 1') }}
),

january as (
    select * from {{ from_year('stg_befolkning__january', 'reference_year - 2') }}
),

calendar as (
    select * from {{ all_years('int_outcome__calendar', 'outcome_year - 1') }}
),

last_address as (
    select * from {{ from_year('int_outcome__last_address', 'outcome_year - 1') }}
),

final as (
    select
        resident.person_id,
        resident.reference_year - 1 as base_year,
        resident.reference_year as outcome_year,
        calendar.has_next_january,
        calendar.has_events,
        coalesce(january.is_resident, false) as is_resident_next_january,
        resident.family_id,
        resident.municipality_code,
        case
            when calendar.has_next_january then january.municipality_code
            else coalesce(last_address.municipality_code, resident.municipality_code)
        end as next_municipality_code,
    from resident
    inner join calendar on resident.reference_year = calendar.outcome_year
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
