-- Grain: table_name, column_name: every table and column of this schema, as released_tables declares them.
-- Purpose: what a column is: part of the key, a measure and of which kind, or text. Publication, export and report read
-- here what is released; what of the schema is not listed here is not let out.
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
