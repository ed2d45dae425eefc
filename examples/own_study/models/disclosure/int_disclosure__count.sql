-- Grain: cell_id.
-- Purpose: every count once, in the column of the measure that it adds up in.
with

cell as (
    select * from {{ ref('int_disclosure__question_cell') }}
),

final as (
    select
        cell_id,
        {{ measures_as_columns() }}
    from cell
    group by cell_id
)

select * from final
