-- Grain: table_name and the key of its cells, as int_disclosure__question_cell.
-- Purpose: every count as it is shown: NULL where it is small or withheld, rounded elsewhere.
with

cell as (
    select * from {{ ref('int_disclosure__question_cell') }}
),

withheld as (
    select * from {{ ref('int_disclosure__withheld') }}
),

final as (
    select
        cell.*,
        case when withheld.cell_id is null then {{ released_count('cell.n') }} end as shown_n,
    from cell
    left join withheld
        on
            cell.cell_id = withheld.cell_id
            and cell.measure = withheld.measure
)

select * from final
