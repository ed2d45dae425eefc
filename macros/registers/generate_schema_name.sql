{#- Schemas are part of the contract (`marts`, `estimates`, `release`, `quality`): use them verbatim, unprefixed. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
