{#- Whether base_year is in one of the lists of years that these variables hold; an empty list has none. -#}
{% macro is_base_year(variables) -%}
    {%- set years = [] -%}
    {%- for variable in variables -%}
        {%- set listed = var(variable) -%}
        {%- if listed is string or listed is not sequence or listed | reject('integer') | list -%}
            {{ exceptions.raise_compiler_error(
                "The variable " ~ variable ~ " must be a list of years, for example [2010, 2011, 2012], not "
                ~ listed ~ "."
            ) }}
        {%- endif -%}
        {%- do years.extend(listed) -%}
    {%- endfor -%}
    {%- if years -%} base_year in ({{ years | unique | sort | join(', ') }}) {%- else -%} false {%- endif -%}
{%- endmacro %}
