{#-
    A released table is what released_tables declares: no two rows have the same key; counts are missing or rounded and
    not small, and there only where the row has its base; ratios are those of the shown counts; estimates are rounded,
    and missing exactly where a reason is given. One row for every statement that does not hold.
-#}
{% test as_declared(model) %}
select *
from ({{ broken_statements(model) if execute }})
{% endtest %}
