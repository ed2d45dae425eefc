{#-
    Tables that are left alone in a build by year, because no base year that they read was built again: the regressions.

    meta.reads_base_years   variables that list the base years which a model reads of what it `follows`; tables that
                            rest on such models and on code lists alone are left alone with them

    They are copied from themselves, so that whatever else dbt does for a table is done as always. A table is left alone
    only if it was built by this program (the library and its pinned versions included) and all that it rests on has the
    state of this run; `--full-refresh` leaves nothing alone.
-#}

{#- Whether the table stays as it is. Asked once, remembered in `model`. -#}
{% macro is_left_alone() %}
    {#- Nothing was built before a unit test. -#}
    {%- if not execute or model.resource_type != 'model' -%}
        {{ return(false) }}
    {%- endif -%}
    {%- if 'is_left_alone' not in model -%}
        {%- do model.update({'is_left_alone': find_is_left_alone()}) -%}
    {%- endif -%}
    {{ return(model.is_left_alone) }}
{% endmacro %}


{% macro find_is_left_alone() %}
    {%- set readers = readers_of_base_years(model.unique_id) -%}
    {#- What is deferred to is another warehouse, of whose states nothing is known here. -#}
    {%- if flags.DEFER or not readers -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if not existing or not existing.is_table -%}
        {{ return(false) }}
    {%- endif -%}
    {%- for meta in readers -%}
        {%- set years = [0] -%}
        {%- for variable in meta.reads_base_years -%}
            {%- do years.extend(var(variable)) -%}
        {%- endfor -%}
        {%- set first_year = find_first_changed_year(meta) -%}
        {%- if first_year is none or first_year <= years | max -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(run_query(ancestors_of_another_state(model.unique_id)).rows | length == 0) }}
{% endmacro %}


{#- The `meta` of the models with base years that a model rests on; none if it rests on any other part of a delivery. -#}
{% macro readers_of_base_years(node_id) %}
    {%- set node = graph.nodes.get(node_id) -%}
    {%- if not node -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if node.resource_type == 'seed' -%}
        {{ return([]) }}
    {%- endif -%}
    {%- if 'reads_base_years' in node.config.meta -%}
        {{ return([node.config.meta]) }}
    {%- endif -%}
    {%- set readers = [] -%}
    {%- for parent_id in node.depends_on.nodes -%}
        {%- set of_parent = readers_of_base_years(parent_id) -%}
        {%- if of_parent is none -%}
            {{ return(none) }}
        {%- endif -%}
        {%- do readers.extend(of_parent | reject('in', readers)) -%}
    {%- endfor -%}
    {{ return(readers) }}
{% endmacro %}


{#- The code of a table that is left alone: its rows as they are, in their order. -#}
{% macro code_of_unchanged(compiled_code, language) %}
    {%- set rows = 'select * from ' ~ this -%}
    {%- if language == 'sql' -%}
        {{ return(rows) }}
    {%- endif -%}
    {{ return(compiled_code ~ "\n\ndef model(dbt, session):\n    return session.sql(" ~ tojson(rows) ~ ")\n") }}
{% endmacro %}
