{#-
    What changed in the warehouse, in order, and what every table has taken account of.

    builds.difference   a node changed from a year on (0: all of it), with a number that only grows
    builds.seen         up to which number a table has seen what it reads, when it was last built, and by which program
    builds.input        what every table reads, through views, and its year relative to that of what it reads; NULL
                        where it does not say

    So a build of some tables, one that broke off, or a step back to an earlier delivery need no case of their own.
    Everything is entered in the transaction in which the table changes.
-#}

{#- At the start of a run: statements that enter what the accepted files changed since the last one. -#}
{% macro open_builds() %}
    create schema if not exists builds;
    create sequence if not exists builds.number;
    create table if not exists builds.difference (node_id varchar, number bigint, first_year integer);
    create table if not exists builds.seen (node_id varchar, number bigint, program varchar);
    create table if not exists builds.content (node_id varchar, year_n integer, checksum varchar, is_new boolean);
    create table if not exists builds.untested (node_id varchar, first_year integer);
    create table if not exists builds.unpublished_rows (schema_name varchar, table_name varchar, condition varchar);
    create or replace table builds.program as select {{ program() }} as program;
    -- An entry is of no use where a later one of the same node concerns as many years.
    delete from builds.difference
    where exists (
        from builds.difference as later
        where
            later.node_id = difference.node_id
            and later.number > difference.number
            and later.first_year <= difference.first_year
    );
    create or replace table builds.input as
    with recursive
    reads (node_id, input_id, is_view, years, last_year) as (
        values
        {%- for node in graph.nodes.values() if node.resource_type == 'model' %}
        {%- for input in inputs_of(node) %}
        ({{ text_literal(node.unique_id) }}, {{ input | join(', ') }}),
        {%- endfor %}
        {%- endfor %}
        (null, null, false, null::integer, null::integer)
    ),
    input as (
        from reads
        union
        select
            input.node_id,
            reads.input_id,
            reads.is_view,
            input.years + reads.years,
            least(reads.last_year, input.last_year - reads.years),
        from input
        inner join reads on input.input_id = reads.node_id
        where input.is_view
    )
    from input where not is_view and node_id is not null;
    begin;
    {{ enter_differences("starts_with(node_id, 'source.')", content_of_sources()) }}
    commit;
{% endmacro %}


{#-
    What a model reads, as literals: node, whether it is a view, years, last year that matters. A register is read by its
    periods; where a model does not say by which year it reads a model, all of it matters to all years.
-#}
{% macro inputs_of(node) %}
    {%- set inputs = [] -%}
    {%- for input_id in node.depends_on.nodes -%}
        {%- set input = graph.nodes.get(input_id, {}) -%}
        {%- set said = node.config.meta.get('inputs', []) | selectattr('name', 'equalto', input.name) | list -%}
        {%- if not said or node.config.materialized == 'table' -%}
            {%- set said = [{'years': 'null' if input else 0}] -%}
        {%- endif -%}
        {%- for one in said -%}
            {%- if one.year and one.year != input.config.meta.year -%}
                {%- do exceptions.raise_compiler_error(
                    node.name ~ ' reads ' ~ input.name ~ ' by ' ~ one.year ~ ', but the year of its rows (meta.year) is '
                    ~ input.config.meta.year ~ '.'
                ) -%}
            {%- endif -%}
            {%- set is_view = input.config.materialized == 'view' if input else false -%}
            {%- set last_year = one.last_year if one.last_year is number else 'null' -%}
            {%- do inputs.append([text_literal(input_id), is_view, one.years, last_year]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(inputs) }}
{% endmacro %}


{#-
    What the sources hold: of registers the files of every period, of a register that says the year of its rows these, of
    the rest all deliveries.
-#}
{% macro content_of_sources() %}
    {%- for source in graph.sources.values() %}
    {{ 'union all' if not loop.first }}
    {%- if source.config.meta.year %}
    {{ content_of_rows(source.unique_id, source.config.meta.year, source.relation_name) }}
    {%- elif source.source_name == 'registers' %}
    select {{ text_literal(source.unique_id) }}, period, stored_sha256 || missing_columns::varchar
    from deliveries.delivery_file
    where is_current and register = {{ text_literal(source.name) }}
    {%- else %}
    select {{ text_literal(source.unique_id) }}, 0, md5(string_agg(delivery::varchar, ';' order by arrival))
    from deliveries.delivery
    {%- endif %}
    {%- endfor %}
{% endmacro %}


{#- A checksum of the rows of every year. -#}
{% macro content_of_rows(node_id, year, relation) -%}
    select {{ text_literal(node_id) }}, {{ year }}, sum(hash(this))::varchar from {{ relation }} as this group by all
{%- endmacro %}


{#- Statements that enter from which year on the nodes of a condition hold something else than before. -#}
{% macro enter_differences(is_concerned, content) %}
    insert into builds.content
    select node_id, coalesce(year_n, 0), checksum, true
    from ({{ content }}) as content (node_id, year_n, checksum);
    insert into builds.difference
    select node_id, nextval('builds.number'), min(year_n)
    from (
        select node_id, year_n
        from builds.content
        where {{ is_concerned }}
        group by node_id, year_n
        having count(*) = 1 or min(checksum) <> max(checksum)
    )
    group by node_id;
    delete from builds.content where {{ is_concerned }} and not is_new;
    update builds.content set is_new = false where {{ is_concerned }};
{% endmacro %}


{#-
    After a table was built: what it has taken account of, and from which year on it changed. A model that is built as a
    whole and says the year of its rows (meta.year) is compared with what it was, year by year. What holds other rows than
    the sources give, or was built by a command that does not begin with `open_builds`, has to be built again.
-#}
{% macro record_build() %}
    {%- if not execute or model.config.materialized == 'view' -%}
        {{ return('') }}
    {%- endif -%}
    {%- set node_id = text_literal(model.unique_id) -%}
    {%- set is_by_year = model.config.materialized == 'incremental' -%}
    {%- set first_year = (first_changed_year() or 0) if is_by_year else 0 -%}
    {%- set is_whole = flags.WHICH in ('build', 'run', 'seed') and not (flags.EMPTY or flags.DEFER or flags.SAMPLE) -%}
    {%- set rows_built = is_from_year(model.config.meta.year, first_year) if first_year else 'true' %}
    insert into builds.unpublished_rows
    values ({{ text_literal(this.schema) }}, {{ text_literal(this.identifier) }}, {{ text_literal(rows_built) }});
    {%- if is_by_year %}
    insert into builds.untested values ({{ node_id }}, {{ first_year }});
    {%- endif %}
    {%- if is_whole and not is_by_year and model.config.meta.year -%}
        {{ enter_differences('node_id = ' ~ node_id, content_of_rows(model.unique_id, model.config.meta.year, this)) }}
    {%- else %}
    insert into builds.difference
    select {{ node_id }}, nextval('builds.number'), {{ first_year }}
    {#- Code lists are the same in every build of a program. #}
    {%- if model.resource_type == 'seed' and is_whole %}
    where not exists (from builds.seen where node_id = {{ node_id }} and program = (from builds.program))
    {%- endif %};
    {%- endif %}
    delete from builds.seen where node_id = {{ node_id }};
    {%- if is_whole %}
    insert into builds.seen values ({{ node_id }}, nextval('builds.number'), (from builds.program));
    {%- else %}
    delete from builds.content where node_id = {{ node_id }};
    {%- endif %}
{% endmacro %}


{#-
    Everything besides the deliveries that decides what is in the warehouse, as one checksum: variables of the command, and
    what the plugin of profiles.yml tells (python/utvandring/builds/program.py).
-#}
{% macro program() %}
    {%- set given = invocation_args_dict.get('vars') or {} -%}
    {%- set given = fromyaml(given) if given is string else given -%}
    md5(concat_ws(
        '|',
        {{ text_literal(given | dictsort | string) }},
        coalesce(
            getvariable('utvandring_program'),
            error('The profile of dbt lacks the plugin utvandring.builds.dbt_plugin (profiles.yml of the project has it).')
        )
    ))
{% endmacro %}
