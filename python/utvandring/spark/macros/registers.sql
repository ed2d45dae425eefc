{#- The ledger and the registers as Spark reads them: the ledger as DuckDB read it, registers from the accepted files. -#}

{% macro lay_ledger() %}
    {%- do run_query('create schema if not exists deliveries') -%}
    {%- for table in ('delivery', 'delivery_file') -%}
        {%- set address = adapter.lay('deliveries', table, 'select * from deliveries.' ~ table) -%}
        {%- do run_query('drop table if exists deliveries.' ~ table) -%}
        {%- do run_query('create table deliveries.' ~ table ~ " using parquet location '" ~ address ~ "'") -%}
    {%- endfor -%}
{% endmacro %}

{#- A view over the accepted files of a register: its current ones, or every version with the delivery it came with. -#}
{% macro lay_register(register, accepted) %}
    {%- set has_versions = register.source_name == 'register_versions' -%}
    {%- set files = adapter.ask_duckdb(
        "select path, version, delivery_id, arrival from deliveries.delivery_file where register = "
        ~ text_literal(register.name) ~ ('' if has_versions else ' and is_current')
        ~ ' order by period, version, arrival, path'
    ).rows -%}
    {%- do run_query('create schema if not exists ' ~ register.source_name) -%}
    {%- set view %}
    create or replace view {{ register.source_name }}.{{ register.name }} as
    {%- for path, version, delivery_id, arrival in files %}
    {%- set present = adapter.columns_of_file(accepted ~ '/' ~ path) %}
    select
        {%- for column in register.columns.values() %}
        cast({{ column.name if column.name in present else 'null' }} as {{ adapter.type_in_spark(column.data_type) }})
            as {{ column.name }},
        {%- endfor %}
        cast(periode as int) as periode
        {%- if has_versions %},
        {{ version }} as version,
        {{ text_literal(delivery_id) }} as delivery_id,
        {{ arrival }} as arrival
        {%- endif %}
    from parquet.`{{ adapter.address(accepted ~ '/' ~ path) }}`
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        {%- for column in register.columns.values() %}
        cast(null as {{ adapter.type_in_spark(column.data_type) }}) as {{ column.name }},
        {%- endfor %}
        cast(null as int) as periode
        {%- if has_versions %},
        cast(null as int) as version,
        cast(null as string) as delivery_id,
        cast(null as int) as arrival
        {%- endif %}
    where false
    {%- endfor %}
    {%- endset -%}
    {%- do run_query(view) -%}
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
