{#-
    Labour market status from its three facts (2.1.6, figure 2.1); the first that applies, NULL as soon as a fact is
    unknown. It holds at every age: who calls it says for which ages it is asked.
-#}
{% macro labour_status_by_precedence() -%}
    case
        when is_employed is null or is_in_education is null or unemployed_months is null then null
        when unemployed_months >= 7 then 'unemployed'
        when is_employed and is_in_education then 'employed_in_education'
        when is_employed then 'employed'
        when is_in_education then 'in_education'
        when unemployed_months >= 1 then 'unemployed'
        else 'outside_labour_force'
    end
{%- endmacro %}
