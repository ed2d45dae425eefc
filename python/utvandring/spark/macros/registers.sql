{#- The ledger and the registers as Spark reads them: the ledger as DuckDB read it, registers from the accepted files. -#}

{% macro lay_ledger() %}
    {%- do run_query('create schema if not exists deliveries') -%}
    {%- for table in ('delivery', 'delivery_file') -%}
        {%- set address = adapter.lay('deliveries', table, 'select * from deliveries.' ~ table) -%}
        {%- do run_query('drop table if exists deliveries.' ~ table) -%}
        {%- do run_query('create table deliveries.' ~ table ~ " using parquet location '" ~ address ~ "'") -%}
    {%- endfor -%}
{% endmacro %}

{#-
    A register as a table over its accepted files, whose columns the specification declares: Spark need not open every file
    to plan a query, and a column that a file lacks is NULL. With its versions: every file, with the delivery it came with.
-#}
{% macro lay_register(register, accepted) %}
    {%- set has_versions = register.source_name == 'register_versions' -%}
    {%- set files = adapter.ask_duckdb(
        "select path from deliveries.delivery_file where register = "
        ~ text_literal(register.name) ~ ('' if has_versions else ' and is_current')
        ~ ' order by path'
    ).columns[0].values() -%}
    {%- set address = adapter.lay_files(register.source_name, register.name, accepted, files) -%}
    {%- set table = register.source_name ~ '.' ~ register.name ~ ('_file' if has_versions else '') -%}
    {%- do run_query('create schema if not exists ' ~ register.source_name) -%}
    {%- do run_query('drop table if exists ' ~ table) -%}
    {%- set statement %}
    create table {{ table }} (
        {%- for column in register.columns.values() %}
        {{ column.name }} {{ adapter.type_in_spark(column.data_type) }},
        {%- endfor %}
        periode int
    )
    using parquet location '{{ address }}'
    {%- endset -%}
    {%- do run_query(statement) -%}
    {%- if has_versions -%}
        {%- set view %}
    create or replace view {{ register.source_name }}.{{ register.name }} as
    select
        {%- for column in register.columns.values() %}
        file.{{ column.name }},
        {%- endfor %}
        file.periode,
        cast(delivered.version as int) as version,
        delivered.delivery_id,
        cast(delivered.arrival as int) as arrival
    from {{ table }} as file
    inner join deliveries.delivery_file as delivered
        on file._metadata.file_name = substring_index(delivered.path, '/', -1)
        {%- endset -%}
        {%- do run_query(view) -%}
    {%- endif -%}
{% endmacro %}

{#- After a whole build in which everything passed: what was built takes the place of what was published. -#}
{% macro publish_on_spark() %}
    {%- set arguments = invocation_args_dict -%}
    {%- set is_whole = flags.WHICH == 'build' and not (
        arguments.get('select') or arguments.get('exclude') or arguments.get('resource_types') or flags.EMPTY
        or flags.SAMPLE or (arguments.get('exclude_resource_types') or []) | reject('equalto', 'unit_test') | list
    ) -%}
    {%- set failed = results | rejectattr('status', 'in', ['success', 'pass', 'warn']) | list -%}
    {%- if is_whole and results and not failed -%}
        {%- set relations = [] -%}
        {%- for result in results if result.node.resource_type in ('model', 'seed') -%}
            {%- do relations.append([result.node.schema, result.node.alias])
                if result.node.config.materialized != 'view' -%}
        {%- endfor -%}
        {%- do log('Published: ' ~ adapter.publish(relations) ~ ' tables.', info=true) -%}
    {%- elif flags.WHICH == 'build' -%}
        {%- do log('Not published: the last tables that passed stay.', info=true) -%}
    {%- endif -%}
{% endmacro %}
