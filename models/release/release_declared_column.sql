-- Grain: table_name, column_name: every table and column of this schema, as released_tables declares them.
-- Purpose: the role of a column: part of the key, a measure of some kind, or text. Publication, export and report read
-- this list; a table or column of the schema that is not listed here does not leave.
{{ after_every_released_table() }}
with

final as (
    select *
    from (
        values
        {{ declared_columns() }}
    ) as declared (table_name, column_name, role, kind)
)

select * from final
order by table_name, column_name
