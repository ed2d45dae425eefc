{#-
    Stops a run at its start unless every released table is declared in released_tables, column by column, and tested as
    declared: what nobody has thought of does not leave the secure zone.
-#}
{% macro require_declared_release() %}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {%- set tables = released_tables() -%}
    {%- set faults = [] -%}
    {%- for table_name, table in tables.items() -%}
        {%- do faults.extend(faults_of_declaration(table_name, table)) -%}
    {%- endfor -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values() if is_released(node) -%}
        {%- do found.append(node.alias) -%}
        {%- if node.alias not in tables -%}
            {%- do faults.append(node.alias ~ ' is not declared') -%}
        {%- else -%}
            {%- do faults.extend(faults_of_table(node, tables[node.alias])) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for table_name in tables if table_name not in found -%}
        {%- do faults.append(table_name ~ ' is declared, but no model makes it') -%}
    {%- endfor -%}
    {%- if faults -%}
        {%- do exceptions.raise_compiler_error(
            'Nothing was built, as what is released is not what is declared: ' ~ faults | join('; ') ~ '. Put it right '
            ~ 'in macros/disclosure/released_tables.sql, where every column is key, measure or text, or in the model.'
        ) -%}
    {%- endif -%}
    {{ return('') }}
{% endmacro %}


{#- What makes a table of the schema release, or stands beside the models that do. -#}
{% macro is_released(node) %}
    {{ return(
        node.resource_type in ('model', 'seed', 'snapshot')
        and (node.schema | lower == 'release' or node.path.startswith('release/'))
    ) }}
{% endmacro %}


{#- What is wrong with one entry of the declaration, as sentences. -#}
{% macro faults_of_declaration(table_name, table) %}
    {%- set faults = [] -%}
    {%- set counts = counts_of(table) -%}
    {%- set known = [
        'key', 'text', 'counts', 'ratios', 'estimates', 'derived', 'base',
        'is_wide', 'block', 'cells', 'sums', 'within', 'formulas', 'grows_over',
        'same_as', 'lies_in',
    ] -%}
    {%- for word in table if word not in known -%}
        {%- do faults.append(table_name ~ ' has the unknown entry ' ~ word) -%}
    {%- endfor -%}
    {%- if not table.key -%}
        {%- do faults.append(table_name ~ ' has no key') -%}
    {%- endif -%}
    {%- set names = columns_of(table) | map(attribute='name') | list -%}
    {%- for name in names | unique if names | select('equalto', name) | list | length > 1 -%}
        {%- do faults.append(table_name ~ '.' ~ name ~ ' is declared twice') -%}
    {%- endfor -%}
    {%- if table.base and table.base not in counts -%}
        {%- do faults.append(table_name ~ ' has a base that is none of its counts') -%}
    {%- endif -%}
    {%- if table.estimates and 'withheld_reason' not in table.text | default([]) -%}
        {%- do faults.append(table_name ~ ' has estimates but no text withheld_reason') -%}
    {%- endif -%}
    {%- if (table.counts is mapping) != (table.cells is mapping) -%}
        {%- do faults.append(
            table_name ~ ' must have cells where its counts have measures, and measures where it has cells'
        ) -%}
    {%- endif -%}
    {%- if (table.sums or table.within or table.formulas or table.grows_over) and not table.cells -%}
        {%- do faults.append(table_name ~ ' says what adds up, but not what its cells are') -%}
    {%- endif -%}
    {%- if table.counts is mapping and table.cells is mapping -%}
        {%- do faults.extend(faults_of_cells(table_name, table)) -%}
    {%- endif -%}
    {{ return(faults) }}
{% endmacro %}


{#- What is wrong with what an entry says of cells and of what adds up: a word that is misspelt would add up to nothing. -#}
{% macro faults_of_cells(table_name, table) %}
    {%- set faults = [] -%}
    {%- set key = table.cells.key or table.key -%}
    {%- if table.cells.of and not (table.block and table.cells.rows) -%}
        {%- do faults.append(table_name ~ ' has cells without a block or rows') -%}
    {%- endif -%}
    {%- for words, known in [
        ([table.cells], ['of', 'recoded', 'totals', 'groups', 'rows', 'only', 'key']),
        (table.cells.rows or [], ['columns', 'where', 'even_if_small']),
        ((table.sums or []) + (table.within or []), ['over', 'total', 'parts', 'where', 'by', 'each']),
        ((table.same_as or []) + (table.lies_in or []), ['table', 'count', 'key', 'where']),
    ] -%}
        {%- for word in words | map('list') | sum(start=[]) | unique | reject('in', known) -%}
            {%- do faults.append(table_name ~ ' has the unknown entry ' ~ word) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set over = ((table.sums or []) + (table.within or [])) | map(attribute='over') | sum(start=[]) -%}
    {%- for column in (over + [table.grows_over] if table.grows_over else over) | unique | reject('in', key) -%}
        {%- do faults.append(table_name ~ ' adds up over ' ~ column ~ ', which is not in its key') -%}
    {%- endfor -%}
    {%- for column in table.cells.groups or {} if column not in table.cells.totals or [] -%}
        {%- do faults.append(table_name ~ ' has groups of ' ~ column ~ ', over which it has no totals') -%}
    {%- endfor -%}
    {%- for entry in (table.same_as or []) + (table.lies_in or []) -%}
        {%- set other = tables_on_questions()[entry.table] or {} -%}
        {%- if entry.count not in counts_of(other) or entry.key | length != other.key | length -%}
            {%- do faults.append(
                table_name ~ ' counts those of ' ~ entry.table ~ '.' ~ entry.count ~ ', which has no such count or key'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for formula in table.formulas or [] if table.cells.of -%}
        {%- set names = modules.re.split('>?=|[+]', formula) | map('trim') | list -%}
        {%- set ways = [] -%}
        {%- for counts in table.counts.values() if not names | reject('in', counts) | list -%}
            {%- do ways.append(counts) -%}
        {%- endfor -%}
        {%- if not ways or names | length < 2 -%}
            {%- do faults.append(table_name ~ ' has a formula that is not of counts of one measure: ' ~ formula) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(faults) }}
{% endmacro %}


{#- How a model of a released table differs from its declaration, as sentences. -#}
{% macro faults_of_table(node, table) %}
    {%- set faults = [] -%}
    {%- set declared = columns_of(table) | map(attribute='name') | list -%}
    {%- for column in node.columns if column not in declared -%}
        {%- do faults.append(node.alias ~ '.' ~ column ~ ' is not declared') -%}
    {%- endfor -%}
    {%- for column in declared if column not in node.columns -%}
        {%- do faults.append(node.alias ~ '.' ~ column ~ ' is declared, but ' ~ node.name ~ '.yml has no such column') -%}
    {%- endfor -%}
    {#- With a contract the table has the columns of its YAML and no other. -#}
    {%- if not (node.contract | default({})).enforced -%}
        {%- do faults.append(node.alias ~ ' has no enforced contract') -%}
    {%- endif -%}
    {%- set tests = graph.nodes.values()
        | selectattr('resource_type', 'equalto', 'test') | selectattr('attached_node', 'equalto', node.unique_id)
        | selectattr('test_metadata.name', 'equalto', 'as_declared') | map(attribute='config')
        | rejectattr('where') | rejectattr('limit') | selectattr('error_if', 'equalto', '!= 0')
        | map(attribute='severity') | map('lower') | list -%}
    {%- if 'error' not in tests -%}
        {%- do faults.append(node.alias ~ ' lacks the data test as_declared, without conditions') -%}
    {%- endif -%}
    {{ return(faults) }}
{% endmacro %}
