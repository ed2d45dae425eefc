-- How many emigrations of each year are known so far, and how many are expected in the end.
-- depends_on: {{ ref('emigration_revision') }}
--
-- Population: registered emigrations.
-- Definition: chain ladder on the dates of registration and on what earlier deliveries knew.
-- Grain: basis, event_year.
-- Columns: basis, event_year, known_n, completion_factor, expected_n.
-- Read: known_n emigrations of the year are known; as earlier years were completed, expected_n will be.
with

revision as (
    select * from marts.emigration_revision
    where is_latest
),

final as (
    select
        basis,
        event_year,
        emigrations_n as known_n,
        completion_factor,
        expected_n,
    from revision
)

select * from final
order by basis, event_year
