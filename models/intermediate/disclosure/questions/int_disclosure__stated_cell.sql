-- Grain: statistic_id, item.
-- Purpose: persons and leavers behind the shares of quality.stated_number that are shares of persons; persons of an
-- origin are those of the stays already, and keep their cell_id; groups of a source's own are part of the stays of the
-- smallest group around them. Other statistics are computed from released counts.
with

stated_number as (
    select * from {{ ref('stated_number') }}
    where
        statistic_id like 'left_%'
        and warehouse_value is not null
),

stay as (
    select * from {{ ref('int_disclosure__survival_cell') }}
    where
        transition = 'emigration'
        and cohort = 'all'
        and item = 'persons_n'
        and dimension in ('origin_group', 'comparison_country', 'none')
),

counted as (
    select
        statistic_id,
        case statistic_id
            when 'left_a8' then 'eu_2004_2007'
            when 'left_other_east_asia' then 'asia'
            when 'left_americas' then 'all'
            else replace(statistic_id, 'left_', '')
        end as category,
        base_n as persons_n,
        counted_n as left_n,
    from stated_number
),

item as (
    unpivot counted
    on persons_n, left_n
    into name item value n
),

final as (
    select
        'stays emigration' as block_id,
        case
            when item.item = 'persons_n' and item.n = stay.n then stay.cell_id
            else md5_number_lower(concat_ws('/', 'stated_number', item.statistic_id, item.item))
        end as cell_id,
        'persons_n' as measure,
        stay.cell_id as stay_cell_id,
        item.*,
    from item
    left join stay on item.category = stay.category
)

select * from final
