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
        -- Keys are checks by their full name, such as befolkning.famnr.nothing.
        list_distinct(
            list_transform(coalesce(map_keys(unknown), []), lambda name: split_part(name, '.', 2))
        ) as columns_made_unknown,
    from source
    where is_current
)

select * from final
