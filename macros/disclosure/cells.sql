{#- The counts of a table, whatever they add up in. -#}
{% macro counts_of(table) %}
    {{ return(table.counts.values() | sum(start=[]) if table.counts is mapping else table.counts | default([])) }}
{% endmacro %}


{#- The columns of a table with the role that each is declared to have, and what kind of measure it is. -#}
{% macro columns_of(table) %}
    {%- set columns = [] -%}
    {%- for role in ('key', 'text') -%}
        {%- for column in table[role] | default([]) -%}
            {%- do columns.append({'name': column, 'role': role, 'kind': none}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for kind, names in {
        'count': counts_of(table),
        'ratio': table.ratios | default({}) | list,
        'estimate': table.estimates | default([]),
        'derived': table.derived | default([]),
    }.items() -%}
        {%- for column in names -%}
            {%- do columns.append({'name': column, 'role': 'measure', 'kind': kind}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{#- The measures in which the counts on questions beyond the report add up; those of marts.mobility_rate have the same names. -#}
{% macro question_measures() %}
    {%- set measures = [] -%}
    {%- for table_name, table in released_tables().items() if table.cells and table_name != 'mobility_rate' -%}
        {%- do measures.extend(table.counts | list) -%}
    {%- endfor -%}
    {{ return(measures | unique | list) }}
{% endmacro %}


{#- The name of a count of a table by its key; one of several counts of a row has its own name in the key. -#}
{% macro cell_id_of(table_name, table) -%}
    md5_number_lower(concat_ws(
        '/', '{{ table_name }}', {{ table.key | join(', ') }}{{ ', item' if counts_of(table) | length > 1 }}
    ))
{%- endmacro %}


{#- What is judged together with a count. -#}
{% macro block_of(table) -%}
    concat('{{ table.block[0] }} ', {{ table.block[1] }})
{%- endmacro %}


{#-
    Every combination of a released table that somebody could ask for, with its true counts, zeros included: a query.
    Combinations that hold fewer persons than the threshold wherever they are looked at are left out; nothing of them is
    ever shown. A count that the table has of nobody in a block is not known there, and stays NULL.
-#}
{% macro counts_with_zeros(table) -%}
    {%- set cells = table.cells -%}
    {%- set counts = counts_of(table) -%}
    {%- set counted = namespace(name='source', columns=[]) -%}
    with
    source as (
        select
            *
            {%- if cells.recoded %} replace (
                {%- for column, recoded in cells.recoded.items() %}
                {{ recoded }} as {{ column }}{{ ',' if not loop.last }}
                {%- endfor %}
            )
            {%- endif %},
        from {{ ref(cells.of) }}
    ),

    {% if cells.totals -%}
    {%- set counted.name = 'counted' -%}
    counted as (
        select
            {%- for column in table.key %}
            {{ 'of_' ~ column if column in cells.totals else 'source' }}.{{ column }},
            {%- endfor %}
            {%- for count in counts %}
            sum(source.{{ count }})::bigint as {{ count }},
            {%- endfor %}
        from
            source
            {%- for column in cells.totals %},
            lateral (values ('all'), (source.{{ column }})) as of_{{ column }} ({{ column }})
            {%- endfor %}
        group by all
    ),

    {% endif -%}
    {% for part in cells.rows -%}
    combination_{{ loop.index }} as (
        select distinct {{ part.columns | join(', ') }}
        from {{ counted.name }}
        where
            {{ part.where | default('true') }}
            {%- if not part.even_if_small %}
            and not {{ is_small(table.base | default(counts[0])) }}
            {%- endif %}
    ),

    {% endfor -%}
    combination as (
        select *
        from combination_1
        {%- for part in cells.rows %}
        {%- set shared = part.columns | select('in', counted.columns) | list %}
        {%- set counted.columns = counted.columns + part.columns %}
        {%- if not loop.first %}
        {{ 'inner' if shared else 'cross' }} join combination_{{ loop.index }}
            {{- ' using (' ~ shared | join(', ') ~ ')' if shared }}
        {%- endif %}
        {%- endfor %}
        where {{ cells.only | default('true') }}
    )

    select
        combination.*,
        {%- for count in counts %}
        case
            when max({{ count }}) over (partition by combination.{{ table.block[1] }}) is not null
                then coalesce({{ count }}, 0)
        end as {{ count }},
        {%- endfor %}
    from combination
    left join {{ counted.name }} as counted
        on
            {%- for column in table.key %}
            {{ 'and ' if not loop.first }}combination.{{ column }} = counted.{{ column }}
            {%- endfor %}
{%- endmacro %}


{#- The same, one row a count (item): with the cell that it is, and the block and the measure that it adds up in. -#}
{% macro cells_of(table_name, table) -%}
    with
    complete as (
        {{ counts_with_zeros(table) }}
    ),

    item as (
        unpivot complete
        on {{ counts_of(table) | join(', ') }}
        into name item value n
    )

    select
        '{{ table_name }}' as table_name,
        {{ block_of(table) }} as block_id,
        {{ cell_id_of(table_name, table) }} as cell_id,
        case
            {%- for measure, counts in table.counts.items() %}
            when item in ('{{ counts | join("', '") }}') then '{{ measure }}'
            {%- endfor %}
        end as measure,
        *,
    from item
{%- endmacro %}


{#-
    The counts of a released table as they may be shown, a column each, with its key and whether any of them is missing
    (is_incomplete): a query. Without its base (residents to relate the others to) nothing of a row is shown.
-#}
{% macro shown_counts(table_name) -%}
    {%- set table = released_tables()[table_name] -%}
    with
    shown as (
        select * from {{ ref('int_disclosure__question_shown') }}
        where table_name = '{{ table_name }}'
    ),

    counted as (
        select
            {{ (table.key + (table.cells.rows | map(attribute='columns') | sum(start=[]))) | unique | join(', ') }},
            {%- for count in counts_of(table) %}
            max(shown_n) filter (where item = '{{ count }}') as {{ count }},
            {%- endfor %}
            count(shown_n) < count(*) as is_incomplete,
        from shown
        group by all
    )

    select {{ with_base(table) }}
    from counted
{%- endmacro %}


{#- All columns of a row; its counts only where the row has its base. -#}
{% macro with_base(table) -%}
    * {% if table.base %}replace (
        {%- for count in counts_of(table) | reject('equalto', table.base) %}
        case when {{ table.base }} is not null then {{ count }} end as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    {%- endif %}
{%- endmacro %}
