{#-
    The destination of an emigrant, seen from the parents: their country of origin, else the group of the country. A
    destination that is not known, or is Norway, is unknown.
-#}
{% macro emigration_destination(country, destination_group, parents_country) -%}
    case
        when {{ country }} = {{ parents_country }} then 'parents_country'
        when {{ destination_group }} in ('nordic', 'western', 'other') then {{ destination_group }}
        else 'unknown'
    end
{%- endmacro %}
