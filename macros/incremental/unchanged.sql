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
    {%- set is_partial = flags.EMPTY or flags.DEFER or flags.SAMPLE -%}
    {%- if flags.FULL_REFRESH or is_partial or flags.WHICH not in ('build', 'run') -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set readers = readers_of_base_years(model.unique_id) -%}
    {%- if not readers -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if not existing or not existing.is_table -%}
        {{ return(false) }}
    {%- endif -%}
    {#- The first year of what is followed that differs from what the table was built from, and the last that is read. -#}
    {%- set concerned = [] -%}
    {%- for meta in readers -%}
        {%- set years = [] -%}
        {%- for variable in meta.reads_base_years -%}
            {%- do years.extend(var(variable)) -%}
        {%- endfor -%}
        {%- for register, later in rests_on(meta) if years -%}
            {%- do concerned.append(
                "(" ~ text_literal(register) ~ ", " ~ later ~ ", " ~ (years | max) ~ ")"
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set unchanged = run_query(
        "with
        rests_on (register, years, last_year) as (
            values " ~ (concerned or ["(null, 0, 0)"]) | join(', ') ~ "
        )
        select built.state_id
        from builds.built
        inner join builds.state using (state_id)
        where
            built.node_id = " ~ text_literal(model.unique_id) ~ "
            and state.program = (select program from builds.current_state)
            and not exists (
                select 1
                from builds.change
                inner join rests_on using (register)
                where
                    change.state_id = built.state_id
                    and change.year_n + rests_on.years <= rests_on.last_year
            )
            and not exists (" ~ ancestors_of_another_state(model.unique_id) ~ ")"
    ).rows -%}
    {{ return(unchanged | length > 0) }}
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
