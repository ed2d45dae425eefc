{#-
    Stops a run at its start unless every released table is declared in released_tables, column by column, and tested as
    declared, by settings that can be kept: what nobody has thought of does not leave the secure zone.
-#}
{% macro require_declared_release() %}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {%- set settings = faults_of_settings() -%}
    {%- if settings -%}
        {%- do exceptions.raise_compiler_error(
            'Nothing was built, as the settings of disclosure control cannot be kept: ' ~ settings | join(' ')
            ~ ' They stand in dbt_project.yml, and docs/disclosure.md has a table of those that can be kept.'
        ) -%}
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


{#- What is wrong with the settings of disclosure control, as sentences that say what to choose instead. -#}
{% macro faults_of_settings() %}
    {%- set least = {
        'disclosure_threshold': 3,
        'disclosure_rounding_base': 3,
        'disclosure_protection': 1,
        'disclosure_min_persons': 1,
        'disclosure_min_events': 1,
        'disclosure_estimate_decimals': 0,
    } -%}
    {%- set faults = [] -%}
    {%- for name, smallest in least.items() if not (var(name) is integer and var(name) is not boolean
        and var(name) >= smallest) -%}
        {%- do faults.append(
            name ~ ' is ' ~ var(name) ~ ', and must be a whole number from ' ~ smallest ~ '.'
        ) -%}
    {%- endfor -%}
    {%- if not faults -%}
        {%- set threshold, base = var('disclosure_threshold'), var('disclosure_rounding_base') -%}
        {%- set protection = var('disclosure_protection') -%}
        {%- if base not in rounding_bases() -%}
            {%- do faults.append('disclosure_rounding_base is ' ~ base ~ ', and must be 3, 5 or 10.') -%}
        {%- elif threshold < base -%}
            {%- do faults.append(
                'disclosure_threshold ' ~ threshold ~ ' is below disclosure_rounding_base ' ~ base
                ~ ': choose a threshold of at least ' ~ base ~ '.'
            ) -%}
        {%- elif largest_protection(threshold, base) | int < protection -%}
            {%- do faults.append(
                'disclosure_protection ' ~ protection ~ ' is more than threshold ' ~ threshold ~ ' and rounding base '
                ~ base ~ ' can keep: choose a protection of at most ' ~ largest_protection(threshold, base)
                ~ settings_that_keep(threshold, base, protection) ~ '.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(faults) }}
{% endmacro %}


{% macro rounding_bases() %}
    {{ return([3, 5, 10]) }}
{% endmacro %}


{#-
    The largest number of values that every count can keep, suppressed or shown: a suppressed one is known to be below the
    threshold, though not all that is below; a shown one has those that are rounded to the same number.
-#}
{% macro largest_protection(threshold, base) %}
    {%- set smallest_shown = (threshold + base - 1) // base * base -%}
    {#- What is shown as the smallest number because that is the nearest; more come from the next number if need be. -#}
    {%- set nearest = smallest_shown + (base - 1) // 2 - threshold + 1 -%}
    {{ return([threshold - 1, base, [nearest, (nearest + base) // 2] | max] | min) }}
{% endmacro %}


{#- Another base, or else another threshold, with which as much protection can be kept, as the end of a sentence. -#}
{% macro settings_that_keep(threshold, base, protection) %}
    {%- for other in rounding_bases()
        if base < other and other <= threshold and largest_protection(threshold, other) | int >= protection -%}
        {{ return(', or a rounding base of ' ~ other) }}
    {%- endfor -%}
    {%- for other in range(threshold + 1, threshold + base + 1)
        if largest_protection(other, base) | int >= protection -%}
        {{ return(', or a threshold of ' ~ other) }}
    {%- endfor -%}
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
        ([table.cells], ['of', 'where', 'recoded', 'totals', 'groups', 'rows', 'only', 'key']),
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
        {%- if names | reject('in', counts_of(table)) | list or names | length < 2 -%}
            {%- do faults.append(table_name ~ ' has a formula that is not of its counts: ' ~ formula) -%}
        {%- elif table.is_wide and '>=' not in formula -%}
            {%- do faults.append(table_name ~ ' is wide and has a formula that is all of its total: ' ~ formula) -%}
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
    {#- Places are named by a mart that holds nobody. -#}
    {%- if table.derived and not (table.counts or table.estimates) -%}
        {%- for parent in graph.nodes.values()
            if parent.unique_id in node.depends_on.nodes
            and parent.resource_type != 'seed' and not is_released(parent) and parent.name != 'municipality' -%}
            {%- do faults.append(
                node.alias ~ ' is derived from released numbers alone, but reads ' ~ parent.name
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(faults) }}
{% endmacro %}
