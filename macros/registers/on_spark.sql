{#- Whether the target is Spark, where all is built anew and no warehouse records what was built. -#}
{% macro is_on_spark() %}
    {{ return(target.type == 'utvandring_spark') }}
{% endmacro %}

{#- A query about the ledger, which DuckDB reads for every target. -#}
{% macro ask(query) %}
    {{ return(adapter.ask_duckdb(query) if is_on_spark() else run_query(query)) }}
{% endmacro %}

{#-
    Lays the warehouse over the tables that Spark published, where UTVANDRING_FROM_SPARK is set: views over the Parquet files.
    They count as not built, so that a later build without Spark makes them itself, and as new for the publication.
-#}
{% macro open_tables_of_spark() %}
    {%- set folder = env_var('UTVANDRING_DATA', 'data') ~ '/spark/published' -%}
    {%- set tables = run_query(
        "select distinct parse_path(file)[-3] as schema_name, parse_path(file)[-2] as table_name
        from glob(" ~ path_literal(folder) ~ " || '/*/*/*.parquet') order by all"
    ).rows -%}
    {%- if not tables -%}
        {%- do exceptions.raise_compiler_error(
            'Spark has published nothing in ' ~ folder ~ ' yet: run `dbt build --target spark` (docs/spark.md).'
        ) -%}
    {%- endif -%}
    {%- set files = 'select register, period, version, path, is_current from ' -%}
    {%- set ledger = 'read_parquet(' ~ path_literal(folder ~ '/delivery_file.parquet') ~ ')' -%}
    {%- set differences = run_query(
        'select count(*) from ((' ~ files ~ ledger ~ ' except all ' ~ files ~ 'deliveries.delivery_file)
        union all (' ~ files ~ 'deliveries.delivery_file except all ' ~ files ~ ledger ~ '))'
    ).columns[0][0] -%}
    {%- if differences -%}
        {%- do exceptions.raise_compiler_error(
            'Spark has built other deliveries than are accepted now: run `dbt build --target spark` again (docs/spark.md).'
        ) -%}
    {%- endif -%}
    {%- for schema_name, table_name in tables -%}
        {%- set relation = api.Relation.create(schema=schema_name, identifier=table_name, type='view') -%}
        {%- set present = run_query(
            "select table_type from information_schema.tables where table_schema = " ~ text_literal(schema_name)
            ~ " and table_name = " ~ text_literal(table_name) ~ " and table_catalog = current_catalog()"
        ).columns[0].values() -%}
        {%- if 'BASE TABLE' in present -%}
            {%- do run_query('drop table ' ~ relation) -%}
        {%- endif -%}
        {%- do run_query('create schema if not exists ' ~ schema_name) -%}
        {%- do run_query(
            'create or replace view ' ~ relation ~ ' as from read_parquet('
            ~ path_literal(folder ~ '/' ~ schema_name ~ '/' ~ table_name) ~ " || '/*.parquet')"
        ) -%}
        {%- do run_query(
            "delete from builds.seen where node_id in ('model." ~ project_name ~ '.' ~ table_name ~ "', 'seed."
            ~ project_name ~ '.' ~ table_name ~ "')"
        ) -%}
        {%- do run_query(
            "insert into builds.unpublished_rows values (" ~ text_literal(schema_name) ~ ", " ~ text_literal(table_name)
            ~ ", 'true')"
        ) -%}
    {%- endfor -%}
{% endmacro %}
