{#-
    What differs between the states that relations have and the state of this run, as table `builds.change`:
    register and the earliest year that a difference concerns. A model declares in `meta.rests_on` from which of its
    own years on a difference in a register and year matters to it.

    A file that was added, removed, replaced: its register and period. The register `person` has no years of its own;
    of its persons who are not the same in their latest row
        person          the first 1 January on which one with other characteristics is in the population register
        person_event    the first year with an event of such a person
        death           the year of death, the earlier of two, and the first 1 January with status dead
-#}
{% macro find_changes() %}
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
    {%- set states = run_query(
        "select distinct state_id from builds.change where register = 'person file' order by all"
    ).columns[0].values() -%}
    {%- for state_id in states -%}
        {%- do run_query(changes_of_persons(state_id)) -%}
    {%- endfor -%}
{% endmacro %}


{% macro changes_of_persons(state_id) %}
    {%- set columns = graph.sources.values()
        | selectattr('source_name', 'equalto', 'registers') | selectattr('name', 'equalto', 'person')
        | map(attribute='columns') | map('list') | first -%}
    {%- set accepted = env_var('UTVANDRING_DATA', 'data') ~ '/accepted/' -%}
    {%- set paths = run_query(
        "select distinct path from builds.state_file
        where
            register = 'person'
            and (state_id = '" ~ state_id ~ "' or state_id = (select state_id from builds.current_state))
        order by path"
    ).columns[0].values() -%}
    insert into builds.change
    with
    file as (
        {%- for path in paths %}
        select {{ text_literal(path) }} as path, {{ columns | join(', ') }}, periode
        from read_parquet({{ path_literal(accepted ~ path) }})
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ),
    known as (
        select
            state_file.state_id = (select state_id from builds.current_state) as is_current,
            file.personid,
            {#- Of two periods the later one counts. -#}
            max_by(
                struct_pack(characteristics := hash({{ columns | reject('equalto', 'doedsdato') | join(', ') }}), doedsdato),
                periode
            ) as latest,
        from file
        inner join builds.state_file using (path)
        where
            state_file.register = 'person'
            and state_file.state_id in ('{{ state_id }}', (select state_id from builds.current_state))
        group by is_current, personid
    ),
    compared as (
        select
            personid,
            before.latest as before,
            after.latest as after,
        from (from known where not is_current) as before
        full join (from known where is_current) as after using (personid)
        where before.latest is distinct from after.latest
    ),
    other as (
        select personid from compared
        where before.characteristics is distinct from after.characteristics
    ),
    dead as (
        select personid, year(least(before.doedsdato, after.doedsdato)) as death_year
        from compared
        where before.doedsdato is distinct from after.doedsdato
    ),
    concerned as (
        select 'person' as register, min(periode) as year_n
        from registers.befolkning
        semi join other using (personid)
        union all
        select 'person_event', min(year(flyttedato))
        from registers.flytting
        semi join other using (personid)
        union all
        select 'death', min(death_year) from dead
        union all
        select 'death', min(befolkning.periode)
        from registers.befolkning
        semi join dead using (personid)
        inner join code_lists.population_status on befolkning.statuskode = population_status.status_code
        where population_status.is_dead
    )
    select '{{ state_id }}' as state_id, register, year_n
    from concerned
    where year_n is not null
{% endmacro %}
