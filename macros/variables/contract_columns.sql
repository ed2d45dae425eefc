{#- The columns that a model declares, in their order; while dbt only reads the project, none. -#}
{% macro contract_columns(model_name) %}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ model_name) if execute -%}
    {{ return(node.columns.keys() | list if node else []) }}
{% endmacro %}
