{#- A code list is read by DuckDB, as the warehouse does, and its Parquet file is the table. -#}
{% materialization seed, adapter='utvandring_spark' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set types = model.config.get('column_types') or {} -%}
    {%- set agate_table = load_agate_table() -%}
    {#- dbt asks for it when it tells what was built. -#}
    {%- do store_result('agate_table', response='OK', agate_table=agate_table) -%}
    {%- set address = adapter.lay(this.schema, this.identifier, rows_of_code_list(model, agate_table, types)) -%}
    {{ drop_relation_if_exists(existing) }}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') -%}
        create table {{ target }} using parquet location '{{ address }}'
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro rows_of_code_list(model, agate_table, types) %}
    select * from read_csv({{ path_literal(model.root_path ~ '/' ~ model.original_file_path) }}, header = true, columns = {
        {%- for name in agate_table.column_names %}
        '{{ name }}': '{{ types.get(name, adapter.convert_type(agate_table, loop.index0)) }}'{{ ',' if not loop.last }}
        {%- endfor %}
    })
{% endmacro %}
