{#-
    Lays views over every version of a register that was ever accepted, at the start of every run: what each delivery
    knew. The sources `register_versions` say for which registers; the views of `registers` show the current version
    of every period alone. Rows carry period, version and the delivery (`delivery_id`, `arrival`) they came with.
-#}
{% macro open_register_versions() %}
    {%- if not execute or flags.WHICH not in ('build', 'run', 'test', 'seed', 'snapshot') -%}
        {{ return('') }}
    {%- endif -%}
    {%- set accepted = env_var('UTVANDRING_DATA', 'data') ~ '/accepted' -%}
    {%- do ('' if is_on_spark() else run_query('create schema if not exists register_versions')) -%}
    {%- for register in graph.sources.values() | selectattr('source_name', 'equalto', 'register_versions') -%}
        {%- do (lay_register(register, accepted) if is_on_spark() else run_query(register_versions_view(register, accepted))) -%}
    {%- endfor -%}
    {{ return('') }}
{% endmacro %}


{#- The statement that creates the view of one register over all its files. A required register has at least one. -#}
{% macro register_versions_view(register, accepted) %}
    {%- set files = run_query(
        "select path, version, delivery_id, arrival from deliveries.delivery_file where register = "
        ~ text_literal(register.name) ~ " order by period, version, arrival, path"
    ).rows -%}
    create or replace view register_versions.{{ register.name }} as
    {% for path, version, delivery_id, arrival in files -%}
    select
        {%- for column in register.columns.values() %}
        {{ column.name }},
        {%- endfor %}
        periode,
        {{ version }}::integer as version,
        {{ text_literal(delivery_id) }} as delivery_id,
        {{ arrival }}::integer as arrival,
    from read_parquet({{ path_literal(accepted ~ '/' ~ path) }})
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{% endmacro %}
