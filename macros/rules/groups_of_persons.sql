{#- Groups of persons for rates; marts and the cells of disclosure control share them. -#}

{% macro age_group(age) -%}
    case
        when {{ age }} between 15 and 24 then '15-24'
        when {{ age }} between 25 and 35 then '25-35'
        when {{ age }} between 36 and 61 then '36-61'
        when {{ age }} between 62 and 74 then '62-74'
    end
{%- endmacro %}

{#- The same of all ages, that adds up to everybody; a child born on the 1 January that counts is -1 years old. -#}
{% macro age_group_of_all(age) -%}
    case
        when {{ age }} < 15 then '0-14'
        when {{ age }} >= 75 then '75+'
        else coalesce({{ age_group(age) }}, 'missing')
    end
{%- endmacro %}

{#- The population of labour market status, and of most of the report. -#}
{% macro is_age_15_74(age) -%}
    coalesce({{ age }} between 15 and 74, false)
{%- endmacro %}

{% macro is_age_20_35(age) -%}
    coalesce({{ age }} between 20 and 35, false)
{%- endmacro %}

{% macro family_size_group(family_size) -%}
    case when {{ family_size }} >= 3 then '3+' else {{ family_size }}::varchar end
{%- endmacro %}

{% macro family_type(family_size, family_immigrants) -%}
    case
        when {{ family_immigrants }} = 0 then 'no_immigrants'
        when {{ family_immigrants }} = {{ family_size }} then 'immigrants_only'
        when 2 * {{ family_immigrants }} > {{ family_size }} then 'mixed_immigrant_majority'
        when 2 * {{ family_immigrants }} = {{ family_size }} then 'mixed_equal'
        else 'mixed_immigrant_minority'
    end
{%- endmacro %}

{#- The categories of a family: rows of a VALUES clause, dimension and category. -#}
{% macro categories_of_family(size_group, type) -%}
    ('family_size', {{ size_group }}),
    ('family_type', {{ type }}),
    ('family_size_type', {{ size_group }} || '|' || {{ type }}),
    ('family_size_type', case when {{ type }} like 'mixed%' then {{ size_group }} || '|mixed' end),
    ('family_size_type', {{ size_group }} || '|all')
{%- endmacro %}

{#-
    The group of persons that share the parameters of over-coverage (seed overcoverage_parameter): background and
    origin of immigrants, alone or in a family of several, and age.
-#}
{% macro overcoverage_group(is_immigrant, immigration_background, origin_group, is_alone, age) -%}
    case
        when {{ is_immigrant }}
            then
                {{ immigration_background }}
                || case when {{ origin_group }} in ('africa', 'asia') then ', Africa or Asia' else ', elsewhere' end
        else 'not an immigrant'
    end
    || case when {{ is_alone }} then ', alone' else ', family' end
    || case
        when {{ age }} < 18 then ', 0-17'
        when {{ age }} < 25 then ', 18-24'
        when {{ age }} < 50 then ', 25-49'
        when {{ age }} < 62 then ', 50-61'
        when {{ age }} < 67 then ', 62-66'
        when {{ age }} < 75 then ', 67-74'
        when {{ age }} >= 75 then ', 75+'
    end
{%- endmacro %}
