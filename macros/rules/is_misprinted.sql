{#- Whether a note on a cell of tables 6.2-6.26 says that the report's own coefficients give another estimate. -#}
{% macro is_misprinted(note) -%}
    coalesce(
        regexp_matches({{ note }}, 'does not follow|digit misprint|sign misprint|larger in magnitude than implied'), false
    )
{%- endmacro %}
