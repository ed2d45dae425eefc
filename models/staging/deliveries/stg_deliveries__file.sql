-- Grain: accepted file: register, period, version, arrival.
-- The date on which a delivery was produced is that of its manifest; NULL if the manifest has no readable date.
with

file as (
    select * from {{ source('deliveries', 'delivery_file') }}
),

delivery as (
    select * from {{ source('deliveries', 'delivery') }}
),

final as (
    select
        file.register,
        file.period,
        file.version,
        file.delivery_id,
        file.arrival,
        try_cast(delivery.produced_at as date) as produced_on,
        file.path,
    from file
    left join delivery
        on
            file.delivery_id = delivery.delivery_id
            and file.arrival = delivery.arrival
)

select * from final
