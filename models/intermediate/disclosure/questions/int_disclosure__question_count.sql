-- Grain: cell_id.
-- Purpose: the counts of the questions beyond the report that marts.mobility_rate does not have already, each once, in
-- the column of the measure that it adds up in.
with

cell as (
    select * from {{ ref('int_disclosure__question_cell') }}
    where not is_of_mobility_rate
),

once as (
    select distinct
        cell_id,
        measure,
        n,
    from cell
),

final as (
    select
        cell_id,
        {{ measures_as_columns() }}
    from once
    group by cell_id
)

select * from final
