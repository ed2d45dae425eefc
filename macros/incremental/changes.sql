{#-
    What differs between the states that relations have and the state of this run, as table `builds.change`:
    register and the earliest year that a difference concerns. A model declares in `meta.rests_on` from which of its
    own years on a difference in a register and year matters to it.

    A file that was added, removed, replaced: its register and period. Of the moves that differ
        flytting        the year of the earliest one, where it lies before the period: registered late
        outcome         the first outcome year that one of them can concern: that of the day before the move, since a
                        move of 1 January belongs to the year before; and the year before it where the person moved
                        on 1 January as well, of which a sign of life in the year can be the explanation
        registration    the first year in which one of them happened or was registered, some of them in advance
        events_alone    its period, where no 1 January after it was delivered, so that events alone decide, or where
                        all events of the year came or went
    The register `person` has no years of its own; of its persons who are not the same in their latest row
        person          the first 1 January on which one with other characteristics is in the population register
        person_event    the first year with an event of such a person
        death           the year of death, the earlier of two, and the first 1 January with status dead

    Looked for once: `builds.compared` says between which states.
-#}
{% macro find_changes() %}
    {%- do run_query("create table if not exists builds.compared (states varchar)") -%}
    {%- set states = run_query(
        "select concat_ws(' ', any_value(current_state.state_id), string_agg(state.state_id, ' ' order by state.state_id))
        from builds.current_state
        left join builds.state
            on
                current_state.program = state.program
                and current_state.state_id <> state.state_id
                and state.state_id in (select state_id from builds.built where starts_with(node_id, 'model.'))"
    ).columns[0][0] -%}
    {%- if run_query("select states from builds.compared").columns[0].values() | list == [states] -%}
        {{ return('') }}
    {%- endif -%}
    {%- do run_query("delete from builds.compared") -%}
    {%- do run_query(
        "create or replace table builds.change as
        with
        earlier as (
            select state_file.*
            from builds.state_file
            inner join builds.state using (state_id)
            where
                state.program = (select program from builds.current_state)
                and state_id in (select state_id from builds.built where starts_with(node_id, 'model.'))
                and state_id <> (select state_id from builds.current_state)
        ),
        current as (
            select states.state_id, file.* exclude (state_id)
            from (select distinct state_id from earlier) as states, builds.state_file as file
            where file.state_id = (select state_id from builds.current_state)
        ),
        same as (
            from earlier intersect from current
        )
        select distinct
            state_id,
            case when register = 'person' then 'person file' else register end as register,
            period as year_n
        from ((from earlier except from same) union all (from current except from same))"
    ) -%}
    {%- do run_query(
        "insert into builds.change
        with
        current as (
            from builds.state_file
            where state_id = (select state_id from builds.current_state)
        )
        select change.state_id, 'events_alone', change.year_n
        from builds.change
        left join current as next_january
            on
                next_january.register = 'befolkning'
                and change.year_n + 1 = next_january.period
        left join builds.state_file as before
            on
                change.state_id = before.state_id
                and change.register = before.register
                and change.year_n = before.period
        left join current as after
            on
                change.register = after.register
                and change.year_n = after.period
        where
            change.register = 'flytting'
            and (next_january.period is null or before.period is null or after.period is null)"
    ) -%}
    {%- set files = run_query(
        "select
            change.state_id,
            change.year_n,
            min(state_file.path) as path,
            max(state_file.path) as other_path,
            bool_or(len(state_file.missing_columns) > 0) as is_without_columns,
        from builds.change
        inner join builds.state_file
            on
                change.register = state_file.register
                and change.year_n = state_file.period
                and state_file.state_id in (change.state_id, (select state_id from builds.current_state))
        where change.register = 'flytting'
        group by all
        order by all"
    ) -%}
    {%- for file in files.rows -%}
        {%- do run_query(changes_of_moves(*file.values())) -%}
    {%- endfor -%}
    {%- set with_other_persons = run_query(
        "select distinct state_id from builds.change where register = 'person file' order by all"
    ).columns[0].values() -%}
    {%- for state_id in with_other_persons -%}
        {%- do run_query(changes_of_persons(state_id)) -%}
    {%- endfor -%}
    {%- do run_query("insert into builds.compared values (" ~ text_literal(states) ~ ")") -%}
{% endmacro %}


{#- Moves are compared where both files have the same columns; otherwise all of the period differ. -#}
{% macro changes_of_moves(state_id, period, path, other_path, is_without_columns) %}
    {%- set columns = columns_of_register('flytting') | join(', ') -%}
    {%- set accepted = env_var('UTVANDRING_DATA', 'data') ~ '/accepted/' -%}
    insert into builds.change
    with
    differing as (
        {%- for of, beside in ((path, other_path), (other_path, path)) %}
        (
            select {{ columns }} from read_parquet({{ path_literal(accepted ~ of) }})
            {%- if of != beside and not is_without_columns %}
            except all
            select {{ columns }} from read_parquet({{ path_literal(accepted ~ beside) }})
            {%- endif %}
        )
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ),
    outcome as (
        select
            case
                when first_day.personid is not null then year(differing.flyttedato) - 1
                else year(differing.flyttedato - 1)
            end as outcome_year,
            year(least(differing.flyttedato, differing.regdato)) as registration_year,
        from differing
        left join registers.flytting as first_day
            on
                differing.personid = first_day.personid
                and make_date(year(differing.flyttedato), 1, 1) = first_day.flyttedato
    )
    select '{{ state_id }}', 'outcome', coalesce(min(outcome_year), {{ period - 1 }})
    from outcome
    union all
    select '{{ state_id }}', 'registration', coalesce(min(registration_year), {{ period - 1 }})
    from outcome
    union all
    {#- Events that were registered late are dated before the period of their file. #}
    select '{{ state_id }}', 'flytting', least({{ period }}, min(year(flyttedato)))
    from differing
{% endmacro %}


{% macro columns_of_register(name) %}
    {{ return(
        graph.sources.values()
        | selectattr('source_name', 'equalto', 'registers') | selectattr('name', 'equalto', name)
        | map(attribute='columns') | map('list') | first
    ) }}
{% endmacro %}


{% macro changes_of_persons(state_id) %}
    {%- set columns = columns_of_register('person') -%}
    {%- set accepted = env_var('UTVANDRING_DATA', 'data') ~ '/accepted/' -%}
    {%- set files = run_query(
        "select
            path,
            bool_or(state_id = '" ~ state_id ~ "') as is_before,
            bool_or(state_id <> '" ~ state_id ~ "') as is_after,
        from builds.state_file
        where
            register = 'person'
            and (state_id = '" ~ state_id ~ "' or state_id = (select state_id from builds.current_state))
        group by path
        order by path"
    ) -%}
    insert into builds.change
    with
    described as (
        {%- for path, is_before, is_after in files.rows %}
        select
            personid,
            periode,
            struct_pack(
                characteristics := hash({{ columns | reject('equalto', 'doedsdato') | join(', ') }}),
                doedsdato
            ) as person,
            {{ is_before }} as is_before,
            {{ is_after }} as is_after,
        from read_parquet({{ path_literal(accepted ~ path) }})
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ),
    known as (
        select
            personid,
            {#- Of two periods the later one counts. #}
            max_by(person, periode) filter (where is_before) as before,
            max_by(person, periode) filter (where is_after) as after,
        from described
        group by personid
    ),
    differing as (
        select
            personid,
            before.characteristics is distinct from after.characteristics as is_other,
            before.doedsdato is distinct from after.doedsdato as is_other_death,
            case when is_other_death then year(least(before.doedsdato, after.doedsdato)) end as death_year,
        from known
        where before is distinct from after
    ),
    january as (
        select
            min(befolkning.periode) filter (where differing.is_other) as first_year,
            min(befolkning.periode) filter (where differing.is_other_death and population_status.is_dead)
                as first_year_dead,
        from registers.befolkning
        inner join differing using (personid)
        left join code_lists.population_status on befolkning.statuskode = population_status.status_code
    ),
    concerned as (
        select 'person' as register, first_year as year_n
        from january
        union all
        select 'person_event', min(year(flyttedato))
        from registers.flytting
        semi join (from differing where is_other) as other using (personid)
        union all
        select 'death', min(death_year) from differing
        union all
        select 'death', first_year_dead from january
    )
    select '{{ state_id }}' as state_id, register, year_n
    from concerned
    where year_n is not null
{% endmacro %}


{#-
    Called at the top of a model that is built by year over a table of persons that is not (its cells of descendants):
    the first year of the model that a person concerns who is not the same in that table as when the model was last
    built, as 'cohort'. `keep_cohort` remembers how they were, as a post-hook of the model.
        another first emigration    the base year that ends before it; a 1 January belongs to the year before
        anything else               the person's first year in `person_year`
-#}
{% macro find_changes_of_cohort(cohort, person_year) %}
    {%- if not this or not execute or flags.WHICH not in ('build', 'run') -%}
        {{ return('') }}
    {%- endif -%}
    {%- do run_query(
        "create table if not exists builds.cohort as select " ~ columns_of_cohort() ~ " from " ~ cohort ~ " limit 0"
    ) -%}
    {%- do run_query(
        "insert into builds.change
        with
        compared as (
            select
                person_id,
                before.first_emigration_date as date_before,
                after.first_emigration_date as date_after,
                before.immigrant_group is distinct from after.immigrant_group
                or before.parents_origin_group is distinct from after.parents_origin_group
                or before.parents_country is distinct from after.parents_country as is_other,
            from builds.cohort as before
            full join " ~ cohort ~ " as after using (person_id)
        ),
        concerned as (
            select min(year(least(date_before, date_after) - 1) - 1) as year_n
            from compared
            where date_before is distinct from date_after
            union all
            select min(base_year)
            from " ~ person_year ~ "
            where person_id in (select person_id from compared where is_other)
        )
        select built.state_id, 'cohort', concerned.year_n
        from concerned, builds.built
        where
            built.node_id = " ~ text_literal(model.unique_id) ~ "
            and concerned.year_n is not null"
    ) -%}
    {{ return('') }}
{% endmacro %}


{% macro keep_cohort(cohort) %}
    create or replace table builds.cohort as select {{ columns_of_cohort() }} from {{ cohort }}
{% endmacro %}


{% macro columns_of_cohort() %}
    {{ return('person_id, immigrant_group, parents_origin_group, parents_country, first_emigration_date') }}
{% endmacro %}
