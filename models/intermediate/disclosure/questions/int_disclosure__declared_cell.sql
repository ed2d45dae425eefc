-- Grain: table_name and the key of its cells, one row a count (item).
-- Purpose: every count that somebody could ask for of the released tables on questions beyond the report, zeros included,
-- as released_tables declares them. `measure` names the system of counts that a count adds up in.
with

final as (
    {%- for table_name, table in released_tables().items() if table.cells.of and table_name != 'mobility_rate' %}
    {{ 'union all by name' if not loop.first }}
    from (
        {{ cells_of(table_name, table) }}
    )
    {%- endfor %}
)

select * from final
