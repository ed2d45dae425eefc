{#- What does not hold of a released table of what is declared of it: a query with one row for every such statement. -#}
{% macro broken_statements(released) %}
{%- set table = released_tables()[released.identifier] %}
{%- set base = var('disclosure_rounding_base') %}
{%- set decimals = var('disclosure_estimate_decimals') %}
with

broken as (
    select
        count(*) - (select count(*) from (select distinct {{ table.key | join(', ') }} from {{ released }}))
            as "two rows have the same key",
        {% for count in counts_of(table) %}
            count(*) filter (where {{ count }} % {{ base }} <> 0 or {{ count }} < {{ smallest_shown() }})
                as "{{ count }} is small or not rounded",
            {% if table.base and count != table.base %}
                count(*) filter (where {{ table.base }} is null and {{ count }} is not null)
                    as "{{ count }} is shown without {{ table.base }}",
            {% endif %}
        {% endfor %}
        {% for ratio, counts in (table.ratios or {}).items() %}
            count(*) filter (
                where {{ ratio }} is distinct from {{ released_ratio('(' ~ counts[0] ~ ')', '(' ~ counts[1] ~ ')', per=100) }}
            ) as "{{ ratio }} is not that of the shown counts",
        {% endfor %}
        {% for estimate in table.estimates or [] %}
            count(*) filter (
                where {{ estimate }} is not null and withheld_reason is not null
                {{ 'or ' ~ estimate ~ ' is null and withheld_reason is null' if loop.first }}
            ) as "{{ estimate }} is not withheld where a reason is given, and there alone",
            count(*) filter (where {{ estimate }} <> round({{ estimate }}, {{ decimals }}))
                as "{{ estimate }} is not rounded",
        {% endfor %}
    from {{ released }}
)

select *
from (unpivot broken on columns(*) into name statement value rows_n)
where rows_n <> 0
{% endmacro %}
