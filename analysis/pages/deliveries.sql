-- The deliveries whose files were read, in the order in which they were received.
-- depends_on: {{ ref('release_delivery') }}
--
-- Grain: delivery_id, produced_at, is_simulated, import_choices.
with

delivery as (
    select * from release.delivery
),

final as (
    select
        delivery_id,
        produced_at,
        is_simulated,
        import_choices,
        list_sort(list(distinct register)) as registers,
        min(received_at) as received_at,
        count(*) as files_n,
        sum(rows_n)::bigint as rows_n,
    from delivery
    group by all
)

select * from final
order by received_at, delivery_id
