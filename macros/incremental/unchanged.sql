{#-
    What a build of a new delivery need not build, and leaves out of its selection. Run as an operation before the build,
    over a warehouse of which everything was built by this program and published, and nothing was built since.

    views                   they say the same as before
    regressions             tables of which no base year that they read will be built again

    meta.reads_base_years   variables that list the base years which a model reads of what it `follows`; tables that
                            rest on such models and on code lists alone are left alone together

    What is left alone holds what a build of this state would make of it, and has the state from now on.
-#}
{% macro leave_unchanged() %}
    {%- do open_registers() -%}
    {%- set tables = [] -%}
    {%- set unchanged = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- if node.config.materialized == 'view' -%}
            {%- do unchanged.append(text_literal(node.unique_id)) -%}
        {%- elif node.config.materialized == 'table' and is_unchanged(node.unique_id) -%}
            {%- do unchanged.append(text_literal(node.unique_id)) -%}
            {%- do tables.append(node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do run_query(
        "update builds.built set state_id = (select state_id from builds.current_state) where node_id in ("
        ~ unchanged | join(', ') ~ ")"
    ) -%}
    {{ log(tojson({'tables': tables | sort}), info=true) }}
{% endmacro %}


{#- Whether a table rests on nothing but code lists and base years that do not differ from what it was built from. -#}
{% macro is_unchanged(node_id) %}
    {%- set readers = readers_of_base_years(node_id) -%}
    {%- if not readers -%}
        {{ return(false) }}
    {%- endif -%}
    {%- for meta in readers -%}
        {%- set years = [0] -%}
        {%- for variable in meta.reads_base_years -%}
            {%- do years.extend(var(variable)) -%}
        {%- endfor -%}
        {%- set first_year = find_first_changed_year(node_id, meta) -%}
        {%- if first_year is none or first_year <= years | max -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(true) }}
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
