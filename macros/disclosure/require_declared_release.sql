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
