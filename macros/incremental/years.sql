{#-
    Models that are built by year: `materialized: incremental` with the strategy `by_year`. Of such a model all years
    from the first changed one on are deleted and built again, so that rows keep the order of a full build.

    meta.year       the year of a row, an expression on the columns of the model
    meta.rests_on   register (or one of the names of `find_changes`): from which year of the model on a difference in
                    the register's year matters, relative to that year
    meta.follows    another model that is built by year: all that it rests on matters here too, so many years later
    meta.block_years    so many years are built at a time, for models that would not fit into memory as a whole
-#}

{#- The first year of this model that has to be built; none if all of it has to. Asked once, remembered in `model`. -#}
{% macro first_changed_year() %}
    {%- if not execute or flags.FULL_REFRESH or flags.EMPTY or flags.SAMPLE or flags.WHICH not in ('build', 'run') -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if 'first_changed_year' not in model -%}
        {%- do model.update({'first_changed_year': find_first_changed_year(model.unique_id, model.config.meta)}) -%}
    {%- endif -%}
    {{ return(model.first_changed_year) }}
{% endmacro %}


{#-
    The first year that differs, of all that `meta` rests on or follows, from what a model was last built from: 9999 if
    no year does, none if it was not built by this program.
-#}
{% macro find_first_changed_year(node_id, meta) %}
    {%- set year = run_query(
        "with
        built as (
            select built.state_id
            from builds.built
            inner join builds.state using (state_id)
            where
                built.node_id = " ~ text_literal(node_id) ~ "
                and state.program = (select program from builds.current_state)
        ),
        rests_on (register, years) as (
            values " ~ rests_on_values(meta) ~ "
        )
        select coalesce(
            (
                select min(change.year_n + rests_on.years)
                from builds.change
                inner join rests_on using (register)
                where change.state_id = built.state_id
            ),
            9999
        )::integer
        from built"
    ).columns[0].values() -%}
    {{ return(year[0] if year else none) }}
{% endmacro %}


{% macro rests_on_values(meta) %}
    {%- for register, years in rests_on(meta) -%}
        ({{ text_literal(register) }}, {{ years }}){{ ', ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}


{#- Pairs of register and years, its own and those of the models that are followed. -#}
{% macro rests_on(meta, later=0) %}
    {%- set pairs = [] -%}
    {%- for register, years in meta.get('rests_on', {}).items() -%}
        {%- do pairs.append((register, years + later)) -%}
    {%- endfor -%}
    {%- for name, years in meta.get('follows', {}).items() -%}
        {%- set followed = graph.nodes['model.' ~ project_name ~ '.' ~ name] -%}
        {%- do pairs.extend(rests_on(followed.config.meta, later + years)) -%}
    {%- endfor -%}
    {{ return(pairs) }}
{% endmacro %}


{#- dbt asks this whether a table is to be built anew. -#}
{% macro should_full_refresh() %}
    {%- if config.get('materialized') == 'incremental' and first_changed_year() is none -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set configured = config.get('full_refresh') -%}
    {{ return(flags.FULL_REFRESH if configured is none else configured) }}
{% endmacro %}


{#-
    Whether rows of an input are needed: `year` is the year of the model that they lead to, `earlier` how many years
    before the first that is built they reach. Always true when the model is built in full.
-#}
{% macro is_needed(year, earlier=0) -%}
    {#- Nothing was built before a unit test. -#}
    {%- if this and is_incremental() -%}
        {{ is_from_year(year, first_changed_year() - earlier) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#-
    This table as it was last built, for a model that looks back at years that are not built again. When all of it is
    built, another relation, of which `was_built` takes no row.
-#}
{% macro as_built(otherwise) -%}
    {{ this if this and is_incremental() else otherwise }}
{%- endmacro %}


{#- Whether a year is one of the `last` before the first that is built. Never when the model is built in full. -#}
{% macro was_built(year, last) -%}
    {%- if this and is_incremental() -%}
        ({{ year }} between {{ first_changed_year() - last }} and {{ first_changed_year() - 1 }})
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}


{#- Two comparisons, not one expression: the engine skips the parts of a table that hold no such year. -#}
{% macro is_from_year(year, first_year) -%}
    ({{ year }} >= {{ first_year }} or {{ year }} is null)
{%- endmacro %}


{#-
    Conditions that divide the years to build into blocks, earliest first; one that is always true without blocks. The
    base years of the population register say where blocks begin; the first and the last hold whatever lies beyond. Rows
    without a year, which the engine knows without reading that there are none, come by themselves: no row is lost.
-#}
{% macro blocks_of_years() %}
    {%- set block_years = model.config.meta.get('block_years') -%}
    {%- if not block_years -%}
        {{ return(['true']) }}
    {%- endif -%}
    {%- set period = run_query(
        "select min(period) - 1, max(period) - 1 from deliveries.delivery_file where is_current and register = 'befolkning'"
    ).rows[0] -%}
    {%- set year = model.config.meta.year -%}
    {%- set first_year = [period[0] or 0, first_changed_year() or 0] | max -%}
    {%- set begins = range(first_year + block_years, (period[1] or 0) + 1, block_years) | list -%}
    {%- if not begins -%}
        {{ return(['true']) }}
    {%- endif -%}
    {%- set conditions = [year ~ ' < ' ~ begins[0]] -%}
    {%- for begin in begins[:-1] -%}
        {%- do conditions.append(year ~ ' >= ' ~ begin ~ ' and ' ~ year ~ ' < ' ~ (begin + block_years)) -%}
    {%- endfor -%}
    {{ return(conditions + [year ~ ' >= ' ~ begins[-1], year ~ ' is null']) }}
{% endmacro %}


{% macro get_incremental_by_year_sql(arguments) %}
    {%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arguments['target_relation'] }}
    where {{ is_from_year(model.config.meta.year, first_changed_year()) }};
    {%- for condition in blocks_of_years() %}
    insert into {{ arguments['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arguments['temp_relation'] }} where {{ condition }};
    {%- endfor %}
{% endmacro %}


{#-
    What is built by year is inserted straight from its query: dbt's temporary relation is a view, not a table that would
    be written only to be read once. A table of blocks begins with the first of them.
-#}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) %}
    {%- set is_by_year = language == 'sql' and config.get('incremental_strategy') == 'by_year' -%}
    {%- if is_by_year and temporary -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(compiled_code) }}
        {%- endif %}
    create temporary view {{ relation.include(database=false, schema=false) }} as (
        {{ compiled_code }}
    )
    {%- elif is_by_year and model.config.meta.get('block_years') -%}
        {%- for condition in blocks_of_years() -%}
            {%- set block = 'select * from (' ~ compiled_code ~ ') as whole where ' ~ condition -%}
            {%- if loop.first -%}
                {{ dbt.duckdb__create_table_as(temporary, relation, block, language, partitioned_by, sorted_by) }}
            {%- else %}
    insert into {{ relation }} ({{ block }});
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ dbt.duckdb__create_table_as(temporary, relation, compiled_code, language, partitioned_by, sorted_by) }}
    {%- endif -%}
{% endmacro %}
