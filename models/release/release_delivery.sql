-- Grain: delivery_id, register, period, version: the files that this build reads.
-- Purpose: which deliveries the released numbers rest on. No path, no checksum; rows rounded.
with

delivery_ledger as (
    select * from {{ ref('delivery_ledger') }}
    where is_current
),

final as (
    select
        delivery_id,
        produced_at,
        received_at,
        program_version,
        is_simulated,
        import_choices,
        register,
        period,
        version,
        {{ released_count('rows_n') }} as rows_n,
    from delivery_ledger
)

select * from final
order by register, period, version
