-- Grain: delivery_id, arrival, register, period: every judged delivery, one row per file of those accepted.
-- Purpose: what the warehouse rests on. is_current marks the version that this build reads.
with

delivery as (
    select * from {{ source('deliveries', 'delivery') }}
),

delivery_file as (
    select * from {{ source('deliveries', 'delivery_file') }}
),

final as (
    select
        delivery.delivery_id,
        delivery.arrival::integer as arrival,
        delivery.produced_at,
        delivery.received_at,
        delivery.verdict,
        array_to_string(delivery.reasons, ' ') as reasons,
        delivery.program_version,
        delivery.is_simulated,
        delivery.import_choices,
        delivery.inferred_events_n,
        delivery_file.register,
        delivery_file.period,
        delivery_file.version,
        delivery_file.rows as rows_n,
        delivery_file.sha256,
        coalesce(delivery_file.is_current, false) as is_current,
    from delivery
    left join delivery_file on delivery.arrival = delivery_file.arrival
)

select * from final
order by arrival, register, period, version
