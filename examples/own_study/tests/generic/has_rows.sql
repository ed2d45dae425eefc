{# A source that is empty is not what this study is about. #}
{% test has_rows(model) %}
select 1
where not exists (select 1 from {{ model }})
{% endtest %}
