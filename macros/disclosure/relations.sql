{#-
    What adds up to what among the cells of one released table, as it is declared (released_tables): a query with one row
    for every member of a relation.

    `cell` has block_id, cell_id and the key of the table. A row of it is one count (item, measure, n) of one of several
    tables; where the table is wide it is all measures, and a relation holds for each of them.
-#}
{% macro relations_of(table_name, cell='cell') -%}
    {%- set table = released_tables()[table_name] -%}
    {%- set is_long = not table.is_wide -%}
    {%- set key = (table.cells.key or table.key) + (['item'] if is_long else []) -%}
    {%- set here = "table_name = '" ~ table_name ~ "'" if is_long else 'true' -%}
    {%- set measure = 'measure' if is_long else 'null::varchar' -%}
    {%- set queries = [] -%}

    {%- for is_exhaustive, sums in [(true, table.sums), (false, table.within)] -%}
        {%- for sum in sums | default([], true) -%}
            {%- set relation = [table_name, 'sum' if is_exhaustive else 'within', loop.index] | join(' ') -%}
            {%- set alike = key | reject('in', sum.over) | list + sum.by | default([]) -%}
            {%- do queries.append(members_of(relation, sum, alike, cell, here, measure, is_exhaustive)) -%}
        {%- endfor -%}
    {%- endfor -%}

    {%- for formula in table.formulas | default([]) -%}
        {%- set is_exhaustive = '>=' not in formula -%}
        {%- set total, parts = formula.split(' = ' if is_exhaustive else ' >= ') -%}
        {%- set parts = parts.split('+') | map('trim') | list -%}
        {%- set relation = table_name ~ ' formula ' ~ loop.index -%}
        {%- if is_long -%}
            {%- do queries.append(members_of_row(relation, key, total, parts, cell, here, is_exhaustive)) -%}
        {%- else -%}
            {%- do queries.append(members_of_wide_row(relation, total, parts, cell)) -%}
        {%- endif -%}
    {%- endfor -%}

    {%- if table.grows_over -%}
        {%- do queries.append(members_of_growth(table_name, key, table.grows_over, cell, here)) -%}
    {%- endif -%}

    {%- for entry in table.lies_in | default([]) -%}
        {%- do queries.append(members_of_another(table_name ~ ' in another ' ~ loop.index, entry, cell, here)) -%}
    {%- endfor -%}

    {{ queries | join('\nunion all by name\n') }}
{%- endmacro %}


{#- The same of every table on questions, one after the other. -#}
{% macro declared_relations() -%}
    {%- for table_name in tables_on_questions() %}
    {{ 'union all by name' if not loop.first }}
    {{ relations_of(table_name) }}
    {%- endfor %}
{%- endmacro %}


{#- Rows that are alike in some columns: a total and its parts. -#}
{% macro members_of(relation, sum, alike, cell, here, measure, is_exhaustive) -%}
    {%- set is_total = 'coalesce(' ~ (sum.total or sum.over[0] ~ " = 'all'") ~ ', false)' -%}
    {%- set members -%}
        {{ here }}
        {%- if sum.where %} and ({{ sum.where }}){% endif %}
        {%- if sum.parts %} and ({{ is_total }} or ({{ sum.parts }})){% endif %}
    {%- endset -%}
    select
        block_id,
        {{ measure }} as measure,
        hash('{{ relation }}', {{ alike | join(', ') }}{{ ', ' ~ sum.each if sum.each }}) as relation_id,
        cell_id,
        {{ 'false' if sum.each else is_total }} as is_total,
        {{ is_exhaustive }} as is_exhaustive,
    from {{ cell }}
    where
        {{ members }}
        {%- if sum.each %}
        and not {{ is_total }}
    union all by name
    select
        block_id,
        {{ measure }} as measure,
        hash('{{ relation }}', {{ alike | join(', ') }}, each_part) as relation_id,
        cell_id,
        true as is_total,
        {{ is_exhaustive }} as is_exhaustive,
    from {{ cell }}
    cross join (
        select distinct {{ sum.each }} as each_part
        from {{ cell }}
        where
            {{ members }}
            and not {{ is_total }}
    ) as part
    where
        {{ members }}
        and {{ is_total }}
        {%- endif %}
{%- endmacro %}


{#- Counts of one row. Where the parts are not all of the total, and exceed it by events that were taken back, nothing. -#}
{% macro members_of_row(relation, key, total, parts, cell, here, is_exhaustive) -%}
    {%- set row = key | reject('equalto', 'item') | join(', ') -%}
    select
        block_id,
        measure,
        hash('{{ relation }}', {{ row }}) as relation_id,
        cell_id,
        item = '{{ total }}' as is_total,
        {{ is_exhaustive }} as is_exhaustive,
    from {{ cell }}
    where
        {{ here }}
        and item in ('{{ ([total] + parts) | join("', '") }}')
    {%- if not is_exhaustive %}
    qualify
        sum(n) filter (where item <> '{{ total }}') over (partition by {{ row }})
        <= sum(n) filter (where item = '{{ total }}') over (partition by {{ row }})
    {%- endif %}
{%- endmacro %}


{#-
    The same of a wide table, where the parts are not all of the total: those of rows in which they leave few of it, which
    is what has to be protected. Where all parts are zero nothing follows from them.
-#}
{% macro members_of_wide_row(relation, total, parts, cell) -%}
    select
        block_id,
        unnest(['{{ ([total] + parts) | join("', '") }}']) as measure,
        hash('{{ relation }}', cell_id) as relation_id,
        cell_id,
        unnest([true{{ ', false' * (parts | length) }}]) as is_total,
        false as is_exhaustive,
    from {{ cell }}
    where
        {{ parts | join(' + ') }} > 0
        and {{ is_small(total ~ ' - (' ~ parts | join(' + ') ~ ')') }}
        and {{ total }} >= {{ parts | join(' + ') }}
{%- endmacro %}


{#- What is counted at one value of a column is among what is counted at the next, unless there is less of it. -#}
{% macro members_of_growth(table_name, key, column, cell, here) -%}
    select
        block_id,
        measure,
        hash('{{ table_name }} growth', cell_id) as relation_id,
        unnest([cell_id, next_cell_id]) as cell_id,
        unnest([false, true]) as is_total,
        false as is_exhaustive,
    from (
        select
            block_id,
            measure,
            cell_id,
            lead(cell_id) over later as next_cell_id,
        from {{ cell }}
        where {{ here }}
        window later as (partition by {{ key | reject('equalto', column) | join(', ') }} order by {{ column }})
        qualify n <= lead(n) over later
    ) as growth
{%- endmacro %}


{#- A count that lies within one of another table, and is all of it where the two are equal. -#}
{% macro members_of_another(relation, entry, cell, here) -%}
    select
        block_id,
        unnest([measure, other.measure]) as measure,
        hash('{{ relation }}', cell_id) as relation_id,
        unnest([cell_id, other.cell_id]) as cell_id,
        unnest([false, true]) as is_total,
        true as is_exhaustive,
    from (
        select
            block_id,
            cell_id,
            measure,
            {{ cell_of_another(entry) }} as other,
        from {{ cell }}
        where
            {{ here }}
            and ({{ entry.where }})
    ) as part
{%- endmacro %}
