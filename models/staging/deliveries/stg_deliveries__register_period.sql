-- Grain: register and period that the warehouse reads (the current version).
with

source as (
    select * from {{ source('deliveries', 'delivery_file') }}
),

final as (
    select
        register,
        period,
        version,
        delivery_id,
        rows as rows_n,
        missing_columns,
    from source
    where is_current
)

select * from final
