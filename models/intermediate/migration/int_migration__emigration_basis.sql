-- Grain: event_id of emigrations.
-- Purpose: whether an emigration was reported by the person or decided by the register authority (2.1.5).
--
-- Delivered where the register says it. Otherwise administrative is inferred, and flagged as such, only for an
-- emigration to an unknown destination (990 or NULL) of a person without any sign of life in the emigration year and
-- the year before, and only where every sign register of both years, and the destinations of the year, were
-- delivered. Everything else stays unknown, and so does an event that an import inferred from changes of status.
{{ config(materialized='incremental', meta={'year': 'emigration_year'}) }}
with

emigration as (
    select
        *,
        year(event_date)::integer as emigration_year,
    from {{ from_year('int_migration__event', 'year(event_date)') }}
    where event_type = 'emigration'
),

sign as (
    select * from {{ from_year('int_sign_of_life__person_year', 'sign_year', earlier=1) }}
),

sign_calendar as (
    select * from {{ from_year('int_sign_of_life__calendar', 'calendar_year') }}
),

calendar as (
    select * from {{ from_year('int_deliveries__calendar', 'calendar_year') }}
),

-- Only of those whose basis may have to be inferred.
without_sign as (
    select emigration.event_id
    from emigration
    anti join sign
        on
            emigration.person_id = sign.person_id
            and sign.sign_year between emigration.emigration_year - 1 and emigration.emigration_year
    where
        emigration.delivered_basis is null
        and emigration.is_to_country_unknown
        and emigration.is_inferred is not true
),

judged as (
    select
        emigration.event_id,
        emigration.emigration_year,
        case when emigration.is_inferred is not true then emigration.delivered_basis end as delivered_basis,
        without_sign.event_id is not null
        and coalesce(sign_calendar.has_all_sign_registers_two_years and calendar.has_emigration_destination, false)
            as is_inferred_administrative,
    from emigration
    left join without_sign on emigration.event_id = without_sign.event_id
    left join sign_calendar on emigration.emigration_year = sign_calendar.calendar_year
    left join calendar on emigration.emigration_year = calendar.calendar_year
),

final as (
    select
        event_id,
        emigration_year,
        case
            when delivered_basis is not null then delivered_basis
            when is_inferred_administrative then 'administrative'
            else 'unknown'
        end as emigration_basis,
        case
            when delivered_basis is not null then 'delivered'
            when is_inferred_administrative then 'inferred'
        end as emigration_basis_source,
    from judged
)

select * from final
