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


{#- The tables whose counts are in one system, but for those with all counts of a cell in one row (is_wide). -#}
{% macro tables_on_questions() %}
    {%- set tables = {} -%}
    {%- for table_name, table in released_tables().items() if table.cells and not table.is_wide -%}
        {%- do tables.update({table_name: table}) -%}
    {%- endfor -%}
    {{ return(tables) }}
{% endmacro %}


{#- Every measure in which their counts add up, a column each. -#}
{% macro measures_as_columns() -%}
    {%- set measures = [] -%}
    {%- for table in tables_on_questions().values() -%}
        {%- do measures.extend(table.counts | list) -%}
    {%- endfor -%}
    {%- for measure in measures | unique %}
        max(n) filter (where measure = '{{ measure }}') as {{ measure }},
    {%- endfor %}
{%- endmacro %}


{#- The name of a count of a table by its key; one of several counts of a row has its own name in the key. -#}
{% macro cell_id_of(table_name, table, key=none, item='item') -%}
    md5_number_lower(concat_ws(
        '/', '{{ table_name }}', {{ (key or table.key) | join(', ') }}{{ ', ' ~ item if counts_of(table) | length > 1 }}
    ))
{%- endmacro %}


{#- The cell and measure of a count of another table, which an entry of `same_as` or `lies_in` names: a structure. -#}
{% macro cell_of_another(entry) -%}
    {%- set table = released_tables()[entry.table] -%}
    {%- set item = "'" ~ entry.count ~ "'" -%}
    {%- for measure, counts in table.counts.items() if entry.count in counts -%}
        {cell_id: {{ cell_id_of(entry.table, table, entry.key, item) }}, measure: '{{ measure }}'}
    {%- endfor -%}
{%- endmacro %}


{#-
    Every combination of a released table that somebody could ask for, with its true counts, zeros included, and the
    block that it is judged in: a query.
    Combinations that hold fewer persons than the threshold wherever they are looked at are left out; nothing of them is
    ever shown. A count that the table has of nobody in a block is not known there, and stays NULL.
-#}
{% macro counts_with_zeros(table_name) -%}
    {%- set table = released_tables()[table_name] -%}
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
        {%- if cells.where %}
        where {{ cells.where }}
        {%- endif %}
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
            lateral (
                values ('all'), (source.{{ column }})
                {%- for group in (cells.groups or {})[column] or [] %}, ({{ group }}){% endfor %}
            ) as of_{{ column }} ({{ column }})
            {%- endfor %}
        {%- for column in cells.groups or {} %}
        {{ 'and' if not loop.first else 'where' }} of_{{ column }}.{{ column }} is not null
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
        concat('{{ table.block[0] }} ', combination.{{ table.block[1] }}) as block_id,
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


{#-
    The same of every table that does not count by hand, one row a count (item): with the cell that it is, its own or that
    of the same persons in another table, and the measure that it adds up in.
-#}
{% macro declared_cells() -%}
    {%- for table_name, table in tables_on_questions().items() if table.cells.of %}
    {{ 'union all by name' if not loop.first }}
    select
        '{{ table_name }}' as table_name,
        unnest(
            case
                {%- for entry in table.same_as or [] %}
                when {{ entry.where }} then {{ cell_of_another(entry) }}
                {%- endfor %}
                {%- for measure, counts in table.counts.items() %}
                when item in ('{{ counts | join("', '") }}')
                    then {cell_id: {{ cell_id_of(table_name, table) }}, measure: '{{ measure }}'}
                {%- endfor %}
            end
        ),
        *,
    from (
        unpivot (
            {{ counts_with_zeros(table_name) }}
        )
        on {{ counts_of(table) | join(', ') }}
        into name item value n
    )
    {%- endfor %}
{%- endmacro %}


{#-
    The counts of a released table as they may be shown, a column each, with its key and whether any of them is missing
    (is_incomplete): a query. Without its base (residents to relate the others to) nothing of a row is shown.
-#}
{% macro shown_counts(table_name) -%}
    {%- set table = released_tables()[table_name] -%}
    {%- set described = (table.key + table.cells.rows | map(attribute='columns') | sum(start=[])) | unique -%}
    with
    {% if table.is_wide -%}
    withheld as (
        select
            cell_id,
            list(measure) as measures,
        from {{ ref('int_disclosure__withheld') }}
        group by cell_id
    ),

    counted as (
        select
            {{ described | join(', ') }},
            {%- for count in counts_of(table) %}
            case
                when not coalesce(list_contains(withheld.measures, '{{ count }}'), false)
                    then {{ released_count('cell.' ~ count) }}
            end as {{ count }},
            {%- endfor %}
        from {{ ref('int_disclosure__mobility_count') }} as cell
        left join withheld on cell.cell_id = withheld.cell_id
    )
    {%- else -%}
    shown as (
        select * from {{ ref('int_disclosure__question_shown') }}
        where table_name = '{{ table_name }}'
    ),

    counted as (
        select
            {{ described | join(', ') }},
            {%- for count in counts_of(table) %}
            max(shown_n) filter (where item = '{{ count }}') as {{ count }},
            {%- endfor %}
            count(shown_n) < count(*) as is_incomplete,
        from shown
        group by all
    )
    {%- endif %}

    select * {% if table.base %}replace (
        {%- for count in counts_of(table) | reject('equalto', table.base) %}
        case when {{ table.base }} is not null then {{ count }} end as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    {%- endif %}
    from counted
{%- endmacro %}


{#- Counts in the system that a released table shows otherwise than int_disclosure__question_shown: a query. -#}
{% macro counts_shown_otherwise() -%}
    {%- for table_name, table in tables_on_questions().items() if table.cells.of %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table_name }}' as table_name,
        item,
        shown_n,
    from (
        select {{ table.key | join(', ') }}, item, shown_n
        from (
            unpivot (from {{ ref('release_' ~ table_name) }})
            on {{ counts_of(table) | join(', ') }}
            into name item value shown_n
        )
        except
        select {{ table.key | join(', ') }}, item, shown_n
        from {{ ref('int_disclosure__question_shown') }}
        where table_name = '{{ table_name }}'
    )
    {%- endfor %}
{%- endmacro %}


{#- Every released table and column as it is declared: rows of a VALUES clause. -#}
{% macro declared_columns() -%}
    {%- set rows = [] -%}
    {%- for table_name, table in released_tables().items() -%}
        {%- for column in columns_of(table) -%}
            {%- set kind = "'" ~ column.kind ~ "'" if column.kind else 'null' -%}
            {%- do rows.append(
                "('" ~ [table_name, column.name, column.role] | join("', '") ~ "', " ~ kind ~ ')'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ rows | join(',\n        ') }}
{%- endmacro %}


{#- What tells dbt that a model is built after every other released table. -#}
{% macro after_every_released_table() -%}
    {%- for table_name in released_tables() if table_name != 'declared_column' %}
-- depends_on: {{ ref('release_' ~ table_name) }}
    {%- endfor %}
{%- endmacro %}


{#-
    Every released count that adds up to others, by the table, the key of its row as one text, and its column, with the
    cell and measure that it is: a query. The key is written as the ledger of exports writes it (exports.py): its columns
    in the order of their names.
-#}
{% macro names_of_released_counts(mobility, questions) -%}
    {%- for table_name, table in released_tables().items() if table.cells and table.cells.of %}
    {%- set texts = [] -%}
    {%- for column in table.key | sort -%}
        {%- do texts.append("coalesce(" ~ column ~ "::varchar, '')") -%}
    {%- endfor %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table_name }}' as table_name,
        {{ texts | join(" || '/' || ") }} as key,
        {%- if table.is_wide %}
        unnest(['{{ counts_of(table) | join("', '") }}']) as item,
        cell_id,
        unnest(['{{ counts_of(table) | join("', '") }}']) as measure,
    from {{ mobility }}
        {%- else %}
        item,
        cell_id,
        measure,
    from {{ questions }}
    where table_name = '{{ table_name }}'
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
