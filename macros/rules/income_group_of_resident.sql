{#-
    The income group of a resident: none for a person who is not in the income register of the year; NULL where that was
    not delivered. On columns of the aliases `calendar` and `income`, both joined on the year.
-#}
{% macro income_group_of_resident() -%}
    case when calendar.has_occupational_income then coalesce(income.income_group, 'none') end
{%- endmacro %}
