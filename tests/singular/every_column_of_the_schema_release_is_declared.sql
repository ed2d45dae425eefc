-- Every table and column of the schema release in the warehouse is one that released_tables declares, whoever made it.
with

declared as (
    select
        table_name,
        column_name,
    from {{ ref('release_declared_column') }}
),

found as (
    select
        table_name,
        column_name,
    from duckdb_columns()
    where
        database_name = current_database()
        and schema_name = '{{ ref('release_declared_column').schema }}'
)

select * from found
except
select * from declared
