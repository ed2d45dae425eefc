{#-
    Models that are built by year: `materialized: incremental`. All years from the first changed one on are deleted and
    built again, so that rows keep the order of a full build. Which year that is follows from where the model reads:

        from_year('int_population__resident', 'reference_year - 1')

    gives the rows for the years that are built, where a row of the input leads to the year `reference_year - 1`; a change of
    the input in a year matters from the year before on. `meta.year` is the year of a row, an expression on its columns.

    A model that is built as a whole may have a `meta.year` too: it is compared with its earlier rows (changes.sql), so that
    its readers need not build the years that did not change. A table none of whose inputs changed is not built.

    meta.block_years    number of years to build at a time, for a model that would not fit into memory as a whole
-#}

{#- Rows of an input that the years to build need; all in a full build. `earlier`: how many years a row is looked back at.
    `until`: the last year of the input that matters. -#}
{% macro from_year(name, year, earlier=0, until=none) -%}
    {%- set input_year, years = say_input(name, year, until) -%}
    {%- set first_year = first_year_to_build() -%}
    {%- if first_year is none -%}
        {{ ref(name) }}
    {%- else -%}
        (select * from {{ ref(name) }} where {{ is_from_year(input_year, first_year - years - earlier) }})
    {%- endif -%}
{%- endmacro %}

{#- All rows of an input, of which a change in a year matters from the year on that the expression gives. -#}
{% macro all_years(name, year) -%}
    {%- do say_input(name, year) -%}
    {{ ref(name) }}
{%- endmacro %}

{#- Enters in `meta.inputs`, when dbt reads the model, by which year it reads an input; returns year and difference. -#}
{% macro say_input(name, year, until=none) %}
    {%- set input_year, sign, number = modules.re.fullmatch('(.+?)(?: ([+-]) (\d+))?', year).groups() -%}
    {%- set years = ((sign or '') ~ (number or '0')) | int -%}
    {%- if not execute -%}
        {%- do model.setdefault('inputs', []).append({'name': name, 'year': input_year, 'years': years, 'last_year': until}) -%}
        {%- do config(meta={'inputs': model.inputs}) -%}
    {%- endif -%}
    {{ return((input_year, years)) }}
{% endmacro %}

{#- Two comparisons, not one expression: the engine skips the parts of a table that hold no such year. -#}
{% macro is_from_year(year, first_year) -%}
    ({{ year }} >= {{ first_year }} or {{ year }} is null)
{%- endmacro %}

{#- Whether a year is one of those that are built; always true in a full build. -#}
{% macro is_built(year) -%}
    {{ 'true' if first_year_to_build() is none else is_from_year(year, first_year_to_build()) }}
{%- endmacro %}

{#- The first year of this model that is built; none if all of it is, and in a unit test, before which nothing is built. -#}
{% macro first_year_to_build() %}
    {{ return(first_changed_year() if this and is_incremental() else none) }}
{% endmacro %}

{#- The first year of this table to build (changes.sql), asked once: none if all of it is to be built, 9999 if nothing. -#}
{% macro first_changed_year() %}
    {%- if not execute or flags.FULL_REFRESH or flags.EMPTY or flags.SAMPLE or flags.WHICH not in ('build', 'run')
        or is_on_spark() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if 'first_changed_year' not in model -%}
        {%- set year = run_query("select builds.first_changed_year(" ~ text_literal(model.unique_id) ~ ")").columns[0][0] -%}
        {%- do model.update({'first_changed_year': year | int or none}) -%}
    {%- endif -%}
    {{ return(model.first_changed_year) }}
{% endmacro %}

{#- dbt asks this whether a table is to be built in full, which code lists always are (full_refresh). -#}
{% macro should_full_refresh() %}
    {%- set is_new = config.get('materialized') == 'incremental' and first_changed_year() is none -%}
    {{ return(flags.FULL_REFRESH or config.get('full_refresh', false) or is_new) }}
{% endmacro %}

{#- Whether a table is there and a build would not change it: none of its inputs has changed. -#}
{% macro is_unchanged() %}
    {{ return(first_changed_year() == 9999 and load_cached_relation(this) is not none) }}
{% endmacro %}

{% materialization incremental, adapter='duckdb' %}
    {%- if not is_unchanged() -%}
        {{ return(dbt.materialization_incremental_duckdb()) }}
    {%- endif -%}
    {%- call noop_statement('main', 'UNCHANGED') -%}{%- endcall -%}
    {{ return({'relations': [this]}) }}
{% endmaterialization %}

{#- Not by a call of the one of dbt-duckdb: Python may only be run from a materialization itself. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- if is_unchanged() -%}
        {%- call noop_statement('main', 'UNCHANGED') -%}{%- endcall -%}
        {{ return({'relations': [target]}) }}
    {%- endif -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set intermediate = make_intermediate_relation(target) -%}
    {%- set backup = make_backup_relation(target, existing.type if existing else 'table') -%}
    {{ drop_relation_if_exists(load_cached_relation(intermediate)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup)) }}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main', language=model.language) -%}
        {{ create_table_as(false, intermediate, compiled_code, model.language) }}
    {%- endcall -%}
    {%- if existing -%}
        {%- do adapter.rename_relation(existing, backup) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(intermediate, target) -%}
    {{ run_hooks(post_hooks) }}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
    {{ drop_relation_if_exists(backup) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro get_incremental_by_year_sql(arguments) %}
    {%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set is_built = is_from_year(model.config.meta.year, first_changed_year()) -%}
    delete from {{ arguments['target_relation'] }} where {{ is_built }};
    {%- for is_in_block in blocks_of_years() %}
    insert into {{ arguments['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arguments['temp_relation'] }} where {{ is_built }} and {{ is_in_block }};
    {%- endfor %}
{% endmacro %}

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
    {%- set conditions = ['true'] -%}
    {%- for begin in range(first_year + block_years, (period[1] or 0) + 1, block_years) -%}
        {%- set is_later = year ~ ' >= ' ~ begin -%}
        {%- do conditions.append(conditions.pop() ~ ' and ' ~ year ~ ' < ' ~ begin) -%}
        {%- do conditions.extend([is_later, year ~ ' is null'] if loop.last else [is_later]) -%}
    {%- endfor -%}
    {{ return(conditions) }}
{% endmacro %}

{#-
    Rows of a build by year are inserted straight from the query: dbt's temporary relation is a view, not a table that would
    be written only to be read once. A table of blocks begins with the first of them.
-#}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) %}
    {%- set is_by_year = language == 'sql' and config.get('materialized') == 'incremental' -%}
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
