-- Counts that are in the system of what adds up reach a released table only as int_disclosure__question_shown has them:
-- none is shown that is withheld there, or that it does not know. (marts.mobility_rate has one model of its own for that.)
with

shown as (
    select * from {{ ref('int_disclosure__question_shown') }}
)

{% for table_name, table in released_tables().items() if table.cells and table.cells.of and table_name != 'mobility_rate' %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table_name }}' as table_name,
        item,
        shown_n,
    from (
        select
            {{ table.key | join(', ') }},
            item,
            shown_n,
        from (
            unpivot (from {{ ref('release_' ~ table_name) }})
            on {{ counts_of(table) | join(', ') }}
            into name item value shown_n
        )
        except
        select
            {{ table.key | join(', ') }},
            item,
            shown_n,
        from shown
        where table_name = '{{ table_name }}'
    )
{% endfor %}
