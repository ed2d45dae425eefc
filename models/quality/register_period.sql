-- Grain: register, period: rows of the version that the warehouse reads, and of the period before.
with

register_period as (
    select * from {{ ref('stg_deliveries__register_period') }}
),

final as (
    select
        register,
        period,
        version,
        delivery_id,
        rows_n,
        lag(rows_n) over (partition by register order by period) as previous_rows_n,
    from register_period
)

select * from final
order by register, period
