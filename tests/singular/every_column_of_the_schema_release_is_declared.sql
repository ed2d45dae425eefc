-- What is in the warehouse and may leave it, whoever made it, is what released_tables declares.
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
