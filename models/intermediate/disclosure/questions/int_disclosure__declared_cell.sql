-- Grain: table_name and the key of its cells, one row a count (item).
-- Purpose: every count that somebody could ask for of the released tables on questions beyond the report, zeros
-- included, as released_tables declares them. `measure` names the system of counts that a count adds up in.
with

final as (
    {{ declared_cells() }}
)

select * from final
