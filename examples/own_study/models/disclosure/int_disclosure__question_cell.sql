-- Grain: table_name and the key of its cells, one row a count (item).
-- Purpose: every count that somebody could ask for of the released tables, zeros included, as they are declared.
with

final as (
    {{ declared_cells() }}
)

select * from final
