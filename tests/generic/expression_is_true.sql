{#- A statement that holds for every row; a row for which it is false or unknown fails. -#}
{% test expression_is_true(model, expression, column_name=none) %}
select *
from {{ model }}
where not coalesce({{ column_name ~ ' ' if column_name }}{{ expression }}, false)
{% endtest %}
