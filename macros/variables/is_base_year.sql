{#- Whether a year is in one of the lists of years that these variables hold; an empty list has none. -#}
{% macro is_base_year(variables, year='base_year') -%}
    {%- set years = base_years(variables) -%}
    {%- if years -%} {{ year }} in ({{ years | join(', ') }}) {%- else -%} false {%- endif -%}
{%- endmacro %}


{#- The last of these years; 0 if there is none. -#}
{% macro last_base_year(variables) %}
    {{ return(([0] + base_years(variables)) | max) }}
{% endmacro %}


{% macro base_years(variables) %}
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
    {{ return(years | unique | sort) }}
{% endmacro %}
