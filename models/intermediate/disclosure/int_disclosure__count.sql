-- Grain: cell_id.
-- Purpose: every released count, one column for each measure; NULL where a cell is not counted so.
with

final as (
    select distinct columns('cell_id|_n$') from {{ ref('int_disclosure__mobility_count') }}
    union all by name
    select * from {{ ref('int_disclosure__question_count') }}
)

select * from final
