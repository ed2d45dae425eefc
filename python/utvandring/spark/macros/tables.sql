{#- Tables are built anew, those that DuckDB builds by year too; what is declared NOT NULL is looked at. -#}

{% materialization table, adapter='utvandring_spark' %}
    {{ return(build_anew()) }}
{% endmaterialization %}

{% materialization incremental, adapter='utvandring_spark' %}
    {{ return(build_anew()) }}
{% endmaterialization %}

{% macro build_anew() %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {{ drop_relation_if_exists(existing) }}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') -%}
        {{ create_table_as(false, target, compiled_code) }}
    {%- endcall -%}
    {%- do require_not_null(target) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{% endmacro %}

{% macro require_not_null(relation) %}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() if column.constraints | selectattr('type', 'equalto', 'not_null') | list -%}
        {%- do columns.append(column.name) -%}
    {%- endfor -%}
    {%- if columns and config.get('contract').enforced -%}
        {%- set missing = run_query(
            'select 1 from ' ~ relation ~ ' where ' ~ columns | join(' is null or ') ~ ' is null limit 1'
        ) -%}
        {%- if missing.rows | length -%}
            {%- do exceptions.raise_compiler_error(
                'A column of ' ~ relation ~ ' that its contract declares NOT NULL has missing values (' ~ columns | join(', ') ~ ').'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro utvandring_spark__persist_docs(relation, model, for_relation, for_columns) %}{% endmacro %}

{% macro utvandring_spark__persist_constraints(relation, model) %}{% endmacro %}

{#- A view without the columns' descriptions: dbt would ask for its columns first. -#}
{% macro utvandring_spark__create_view_as(relation, sql) -%}
    create or replace view {{ relation }} {{ comment_clause() }} as
    {{ sql }}
{%- endmacro %}

{#- The types of a contract by their names in Spark. -#}
{% macro utvandring_spark__get_empty_schema_sql(columns) %}
    select
    {%- for column in columns.values() %}
        cast(null as {{ adapter.type_in_spark(column.data_type) }}) as {{ adapter.quote(column.name) }}{{ ',' if not loop.last }}
    {%- endfor %}
{% endmacro %}
