{#- A text as a SQL literal; `dbt.string_literal` alone leaves quotes inside as they are. -#}
{% macro text_literal(text) -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(text)) }}
{%- endmacro %}

{#- A path as a literal for functions that would otherwise expand wildcards in it. -#}
{% macro path_literal(path) -%}
    {{ text_literal(modules.re.sub('([*?\[])', '[\\1]', path)) }}
{%- endmacro %}
