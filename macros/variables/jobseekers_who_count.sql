{#- The groups of jobseekers that count as unemployed, as literals: the variable unemployed_jobseekers. -#}
{% macro jobseekers_who_count() -%}
    {%- set known = ['wholly_unemployed', 'partly_employed', 'programme_participant'] -%}
    {%- set listed = var('unemployed_jobseekers') -%}
    {%- if listed is string or listed is not sequence or not listed or listed | reject('in', known) | list -%}
        {{ exceptions.raise_compiler_error(
            "The variable unemployed_jobseekers must be a list of one or more of " ~ known | join(', ') ~ ", not "
            ~ listed ~ "."
        ) }}
    {%- endif -%}
    '{{ listed | join("', '") }}'
{%- endmacro %}
