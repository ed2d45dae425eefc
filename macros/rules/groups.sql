{#- Age groups of the report (2.1.4); NULL outside 15-74. -#}
{% macro age_group(age) -%}
    case
        when {{ age }} between 15 and 24 then '15-24'
        when {{ age }} between 25 and 35 then '25-35'
        when {{ age }} between 36 and 61 then '36-61'
        when {{ age }} between 62 and 74 then '62-74'
    end
{%- endmacro %}

{#- Groups of years since the first immigration (2.1.3). -#}
{% macro residence_group(years) -%}
    case
        when {{ years }} between 0 and 2 then '0-2'
        when {{ years }} between 3 and 5 then '3-5'
        when {{ years }} between 6 and 10 then '6-10'
        when {{ years }} between 11 and 15 then '11-15'
        when {{ years }} >= 16 then '16+'
    end
{%- endmacro %}
