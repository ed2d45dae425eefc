-- Figure B.17: numbers that the sources state, beside the same statistics from what is released.
-- depends_on: {{ ref('release_stated_number') }}
--
-- Grain: figure, statistic_id.
with

stated_number as (
    select * from release.stated_number
),

final as (
    select
        'B.17' as figure,
        'warehouse' as origin,
        statistic_id,
        warehouse_value,
        stated_value,
        relation,
        unit,
        base_n,
        is_simulated,
    from stated_number
)

select * from final
order by statistic_id
