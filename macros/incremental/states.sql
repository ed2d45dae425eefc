{#-
    What every relation of the warehouse was last built from.

    A state is a program (models, macros, seeds, project, variables, versions) and the current files of the
    registers. A relation has the state in which it was last built with all its ancestors; the schema `builds` of
    the warehouse remembers it, in the same transaction in which the relation changed. A relation without a state, or
    with that of another program, is built in full: nothing is built by year because a table happens to exist.
-#}

{#- At the start of a run: the state that this run builds, and what differs from the states that relations have. -#}
{% macro open_states() %}
    {%- do run_query("create schema if not exists builds") -%}
    {%- do run_query("create table if not exists builds.state (state_id varchar, program varchar)") -%}
    {%- do run_query(
        "create table if not exists builds.state_file (
            state_id varchar, register varchar, period integer, path varchar, stored_sha256 varchar,
            missing_columns varchar[]
        )"
    ) -%}
    {%- do run_query("create table if not exists builds.built (node_id varchar, state_id varchar)") -%}
    {%- do run_query("create table if not exists builds.untested (node_id varchar, first_year integer)") -%}
    {%- do run_query(create_unpublished()) -%}
    {%- do run_query(
        "create or replace table builds.current_state as
        with
        file as (
            select register, period, path, stored_sha256, missing_columns
            from deliveries.delivery_file
            where is_current
        ),
        program as (" ~ program_query() ~ ")
        select
            md5(program || (
                select string_agg(file::varchar, ';' order by register, period) from file
            )) as state_id,
            program,
        from program"
    ) -%}
    {#- Only states that something was built in are of use, and whose files are still there to be compared with. -#}
    {%- set accepted = modules.re.sub('([*?\[])', '[\\1]', env_var('UTVANDRING_DATA', 'data')) ~ '/accepted/files/*/*.parquet' -%}
    {%- do run_query(
        "delete from builds.state where
            state_id not in (select state_id from builds.built)
            or state_id in (
                select state_id
                from builds.state_file
                where path not in (
                    select regexp_replace(file, '^.*/accepted/files/', 'files/') from glob(" ~ text_literal(accepted) ~ ")
                )
            );
        delete from builds.state_file where state_id not in (select state_id from builds.state);
        insert into builds.state from builds.current_state anti join builds.state using (state_id);
        insert into builds.state_file
        select state_id, register, period, path, stored_sha256, missing_columns
        from builds.current_state, deliveries.delivery_file
        where is_current and state_id not in (select state_id from builds.state_file)"
    ) -%}
    {%- do run_query("create or replace table builds.ancestor as " ~ ancestors_query()) -%}
    {%- do find_changes() -%}
    {#- For whoever copies the warehouse. -#}
    {%- do run_query(
        "create or replace table builds.by_year (schema_name varchar, table_name varchar, year varchar)"
    ) -%}
    {%- for node in graph.nodes.values() if node.config.materialized == 'incremental' -%}
        {%- do run_query(
            "insert into builds.by_year values ("
            ~ text_literal(node.schema) ~ ", " ~ text_literal(node.alias) ~ ", " ~ text_literal(node.config.meta.year)
            ~ ")"
        ) -%}
    {%- endfor -%}
{% endmacro %}


{#-
    A query for everything besides the deliveries that decides what is in the warehouse, as one checksum: variables of
    the command, and what the plugin of profiles.yml tells (python/utvandring/builds/program.py).
-#}
{% macro program_query() %}
    {%- set given = invocation_args_dict.get('vars') or {} -%}
    {%- set given = fromyaml(given) if given is string else given -%}
    select md5(concat_ws(
        '|',
        {{ text_literal(given | dictsort | string) }},
        coalesce(
            getvariable('utvandring_program'),
            error('The profile lacks the plugin utvandring.builds.dbt_plugin (profiles.yml of the project has it).')
        )
    )) as program
{% endmacro %}


{#-
    After a relation was built: enter its state, if all that it rests on has the state of this run.
    A part of the warehouse that was selected over older relations, or built without rows or by a command that does
    not begin with `open_states`, gets none.
-#}
{% macro record_build() %}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {%- set node_id = text_literal(model.unique_id) -%}
    {%- set first_year = (first_changed_year() or 0) if model.config.materialized == 'incremental' else 0 -%}
    {%- set enter_unpublished -%}
    insert into builds.unpublished
    values ({{ text_literal(this.schema) }}, {{ text_literal(this.identifier) }}, {{ first_year }});
    {%- endset -%}
    {%- if flags.WHICH not in ('build', 'run', 'seed') -%}
        {{ return(
            "create schema if not exists builds;
            " ~ create_unpublished() ~ ";
            " ~ enter_unpublished ~ "
            create table if not exists builds.built (node_id varchar, state_id varchar);
            delete from builds.built where node_id = " ~ node_id
        ) }}
    {%- endif -%}
    {{ enter_unpublished }}
    {%- set is_partial = flags.EMPTY or flags.DEFER or flags.SAMPLE -%}
    {%- if model.config.materialized == 'incremental' -%}
        delete from builds.untested where node_id = {{ node_id }} and first_year > {{ first_year }};
        insert into builds.untested
        select {{ node_id }}, {{ first_year }}
        where not exists (select 1 from builds.untested where node_id = {{ node_id }});
    {% endif -%}
    delete from builds.built where node_id = {{ node_id }};
    {%- if not is_partial %}
    insert into builds.built
    select {{ node_id }}, state_id
    from builds.current_state
    where not exists (
        select 1
        from builds.ancestor
        cross join builds.current_state as this_run
        left join builds.built on ancestor.ancestor_id = built.node_id
        left join builds.state on built.state_id = state.state_id
        where
            ancestor.node_id = {{ node_id }}
            and state.state_id is distinct from this_run.state_id
            -- Code lists and what rests on them alone are the same in every state of the program.
            and (
                ancestor.rests_on_deliveries
                or state.program is distinct from this_run.program
            )
    );
    {%- endif -%}
{% endmacro %}


{#- What was built since the last publication, with the first year (0: all of it). -#}
{% macro create_unpublished() %}
    create table if not exists builds.unpublished (schema_name varchar, table_name varchar, first_year integer)
{% endmacro %}


{#- A query for the models and seeds that every model rests on, directly or not, and whether they rest on deliveries. -#}
{% macro ancestors_query() %}
    with recursive
    parent (node_id, ancestor_id) as (
        values
        {%- for node in graph.nodes.values() if node.resource_type == 'model' %}
        {%- for parent_id in node.depends_on.nodes %}
        ({{ text_literal(node.unique_id) }}, {{ text_literal(parent_id) }}),
        {%- endfor %}
        {%- endfor %}
        (null, null)
    ),
    ancestor as (
        from parent
        union
        select ancestor.node_id, parent.ancestor_id
        from ancestor
        inner join parent on ancestor.ancestor_id = parent.node_id
    ),
    rests_on_deliveries as (
        select distinct node_id
        from ancestor
        where starts_with(ancestor_id, 'source.')
    )
    select
        ancestor.node_id,
        ancestor.ancestor_id,
        rests_on_deliveries.node_id is not null as rests_on_deliveries,
    from ancestor
    left join rests_on_deliveries on ancestor.ancestor_id = rests_on_deliveries.node_id
    where
        ancestor.node_id is not null
        and not starts_with(ancestor.ancestor_id, 'source.')
{% endmacro %}
