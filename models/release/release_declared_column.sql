-- Grain: table_name, column_name: every table and column of this schema, as released_tables declares them.
-- Purpose: what a column is: part of the key, a measure and of which kind, or text. Publication, export and report read
-- here what is released; what of the schema is not listed here is not let out.
{% set tables = released_tables() %}
{% for table_name in tables if table_name != 'declared_column' %}
-- depends_on: {{ ref('release_' ~ table_name) }}
{% endfor %}
with

final as (
    select *
    from (
        values
        {% for table_name, table in tables.items() %}
            {% set is_last = loop.last %}
            {% for column in columns_of(table) %}
                (
                    '{{ table_name }}',
                    '{{ column.name }}',
                    '{{ column.role }}',
                    {{ "'" ~ column.kind ~ "'" if column.kind else 'null' }},
                    {{ table.in_report | default(false) }}
                ){{ ',' if not (is_last and loop.last) }}
            {% endfor %}
        {% endfor %}
    ) as declared (table_name, column_name, role, kind, is_in_report)
)

select * from final
order by table_name, column_name
