-- Grain: event_id.
-- Purpose: migration events without the register's exact repetitions.
--
-- An event whose kind or date a data steward has waived is unknown in what counts, and left out; the ledger counts it.
-- The identifier is a hash of everything that the register says about the event, so that it does not depend on
-- the order of rows or deliveries.
{{ config(materialized='incremental', meta={'year': 'year(event_date)'}) }}
with

event as (
    select distinct * from {{ from_year('stg_flytting__event', 'year(event_date)') }}
    where
        event_type is not null
        and event_date is not null
),

final as (
    select
        md5(
            concat_ws(
                '|',
                person_id,
                event_type,
                event_date,
                coalesce(registered_date::varchar, ''),
                coalesce(from_municipality_code, ''),
                coalesce(to_municipality_code, ''),
                coalesce(from_country, ''),
                coalesce(to_country, ''),
                coalesce(delivered_basis, ''),
                -- Nothing is added for an ordinary event.
                case when is_inferred then 'inferred' end,
                case when not is_day_exact then 'month' end
            )
        ) as event_id,
        *,
    from event
)

select * from final
