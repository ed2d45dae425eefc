{#-
    Data tests of models that are built by year look at the years that were not tested since they were built: the
    others have not changed. `builds.untested` keeps the first of them until every test of the model has passed. Where
    there is none, `dbt build` tests nothing of the model, `dbt test` all of it.
-#}
{% macro get_where_subquery(relation) %}
    {%- set conditions = [] -%}
    {%- if config.get('where') -%}
        {%- do conditions.append('(' ~ config.get('where') ~ ')') -%}
    {%- endif -%}
    {%- set tested = graph.nodes.get(model.attached_node) if execute -%}
    {%- if tested and tested.config.materialized == 'incremental' and flags.WHICH in ('build', 'test') and not is_on_spark() -%}
        {%- set first_year = run_query(
            "select min(first_year) from builds.untested where node_id = " ~ text_literal(model.attached_node)
        ).columns[0][0] -%}
        {%- if first_year is none and flags.WHICH == 'build' -%}
            {%- do conditions.append('false') -%}
        {%- elif first_year -%}
            {%- do conditions.append(is_from_year(tested.config.meta.year, first_year)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if conditions -%}
        {{ return('(select * from ' ~ relation ~ ' where ' ~ conditions | join(' and ') ~ ') dbt_subquery') }}
    {%- endif -%}
    {{ return(relation) }}
{% endmacro %}

{#- At the end of a run: models of which every test has passed are tested. -#}
{% macro settle_tests() %}
    {%- if not execute or flags.WHICH not in ('build', 'test') -%}
        {{ return('') }}
    {%- endif -%}
    {%- set passed = results | selectattr('status', 'in', ['pass', 'warn']) | map(attribute='node.unique_id') | list -%}
    {%- for node_id in run_query("select distinct node_id from builds.untested").columns[0].values() -%}
        {%- set open = graph.nodes.values()
            | selectattr('resource_type', 'equalto', 'test') | selectattr('attached_node', 'equalto', node_id)
            | map(attribute='unique_id') | reject('in', passed) | list -%}
        {%- if not open -%}
            {%- do run_query("delete from builds.untested where node_id = " ~ text_literal(node_id)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('') }}
{% endmacro %}
