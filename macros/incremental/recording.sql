{#-
    Statements that have to name a node; the queries are in changes.sql, without Jinja, so that they are linted and tested
    as they are. What a table has seen is entered in the transaction in which the table changes.
-#}

{#- Statements for the start of a run, which enter the changes of the accepted files since the last one. -#}
{% macro open_builds() %}
    {%- do run_query(run_query("select content from read_text('macros/incremental/changes.sql')").columns[0][0]) %}
    {%- set nodes = [] -%}
    {%- for node in (graph.nodes.values() | list) + (graph.sources.values() | list) -%}
        {%- do nodes.append({
            'node_id': node.unique_id, 'name': node.name, 'source_name': node.get('source_name'),
            'materialized': node.config.get('materialized'), 'year': node.config.meta.get('year'),
            'inputs': node.config.meta.get('inputs', []), 'parents': node.get('depends_on', {}).get('nodes', []),
        }) if node.resource_type in ('model', 'seed', 'source') -%}
    {%- endfor %}
    insert into builds.program values ({{ program() }});
    insert into builds.project values ({{ text_literal(tojson(nodes)) }});
    insert into builds.input from builds.reading;
    begin;
    insert into builds.content select *, true from builds.content_of_files;
    {%- for source in graph.sources.values() if source.config.meta.year %}
    {{ enter_content(source.unique_id, source.config.meta.year, source.relation_name) }}
    {%- endfor %}
    {{ enter_differences("starts_with(node_id, 'source.')") }}
    commit;
{% endmacro %}

{#- A statement that enters a checksum of the rows of every year, as they are now. -#}
{% macro enter_content(node_id, year, relation) -%}
    insert into builds.content
    select {{ text_literal(node_id) }}, coalesce({{ year }}, 0), sum(hash(this))::varchar, true
    from {{ relation }} as this
    group by all;
{%- endmacro %}

{#- Statements that enter from which year on the nodes of a condition have changed. -#}
{% macro enter_differences(is_concerned) %}
    insert into builds.difference
    select node_id, nextval('builds.number'), first_year from builds.changed_content where {{ is_concerned }};
    delete from builds.content where {{ is_concerned }} and not is_new;
    update builds.content set is_new = false where {{ is_concerned }};
{% endmacro %}

{#-
    After a table was built: from which year on it changed, and which changes it has seen. A model that is built as a whole
    and says the year of its rows (meta.year) is compared with its earlier rows, year by year. A table without all rows, or
    from a command that does not begin with `open_builds`, counts as not built.
-#}
{% macro record_build() %}
    {%- if not execute or model.config.materialized == 'view' or is_on_spark() -%}
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
    {%- if is_whole and not is_by_year and model.config.meta.year %}
    {{ enter_content(model.unique_id, model.config.meta.year, this) }}
    {{ enter_differences('node_id = ' ~ node_id) }}
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
    Everything besides the deliveries that decides the contents of the warehouse, as one checksum: variables of the command,
    and the checksum of the plugin in profiles.yml (python/utvandring/builds/program.py).
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
