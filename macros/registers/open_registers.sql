{#-
    Lays the warehouse's sources over the accepted deliveries, at the start of every run.

    Reads the ledger (`accepted/ledger.json`, the one list of accepted files), marks the highest
    version of every register and period as current, up to the delivery named by the environment variable
    UTVANDRING_AS_OF, and creates one view per register in the schema `registers`. A register that was never
    delivered becomes a view without rows, so that models need no special case; whether a register exists for
    a year is asked of `deliveries.delivery_file`, never of the rows.
-#}
{% macro open_registers() %}
    {%- if not execute or flags.WHICH not in ('build', 'run', 'test', 'seed', 'snapshot', 'run-operation') -%}
        {{ return('') }}
    {%- endif -%}
    {%- set accepted = env_var('UTVANDRING_DATA', 'data') ~ '/accepted' -%}
    {%- do read_ledger(accepted ~ '/ledger.json') -%}
    {%- do require_complete_registers() -%}
    {%- if is_on_spark() -%}
        {%- do lay_ledger() -%}
        {%- for register in graph.sources.values() | selectattr('source_name', 'equalto', 'registers') -%}
            {%- do lay_register(register, accepted) -%}
        {%- endfor -%}
        {{ return('') }}
    {%- endif -%}
    {%- do run_query('create schema if not exists registers') -%}
    {%- for register in graph.sources.values() | selectattr('source_name', 'equalto', 'registers') -%}
        {%- do run_query(register_view(register, accepted)) -%}
    {%- endfor -%}
    {%- do run_query(open_builds()) -%}
    {%- do (open_tables_of_spark() if env_var('UTVANDRING_FROM_SPARK', '') else '') -%}
    {{ return('') }}
{% endmacro %}


{#- Tables `deliveries.delivery` and `deliveries.delivery_file` from the ledger. -#}
{% macro read_ledger(path) %}
    {%- if ask("select count(*) from glob(" ~ path_literal(path) ~ ")").columns[0][0] == 0 -%}
        {%- do exceptions.raise_compiler_error(
            'No delivery has been accepted yet (' ~ path ~ ' does not exist). '
            ~ 'Run `utvandring simulate --out DIR` and `utvandring deliver DIR`, or `make build`.'
        ) -%}
    {%- endif -%}
    {%- do ask('create schema if not exists deliveries') -%}
    {%- do ask(
        "create or replace table deliveries.delivery as
        with
        ledger as (
            select unnest(deliveries) as delivery, generate_subscripts(deliveries, 1) as arrival
            from read_json(" ~ path_literal(path) ~ ", columns = {
                deliveries: 'struct(delivery_id varchar, produced_at varchar, received_at varchar,
                    verdict varchar, program_version varchar, simulated boolean, reasons varchar[],
                    withdraws varchar[],
                    imported struct(choices map(varchar, varchar), inferred_events bigint, lacks varchar[]),
                    findings struct(level varchar, name varchar, register varchar, period integer, file varchar,
                        count bigint, text varchar, announced varchar)[],
                    files struct(register varchar, period integer, version integer, delivered_path varchar,
                        sha256 varchar, path varchar, stored_sha256 varchar, rows bigint,
                        missing_columns varchar[], persons bigint,
                        counts map(varchar, map(varchar, bigint)), unknown map(varchar, bigint))[])[]'
            }, maximum_object_size = 268435456)
        )
        select
            delivery.delivery_id,
            arrival,
            delivery.produced_at,
            delivery.received_at,
            delivery.verdict,
            delivery.program_version,
            coalesce(delivery.simulated, false) as is_simulated,
            delivery.reasons,
            delivery.findings,
            delivery.withdraws,
            array_to_string(
                list_transform(map_entries(delivery.imported.choices), lambda one: one.key || ': ' || one.value), '; '
            ) as import_choices,
            coalesce(delivery.imported.inferred_events, 0) as inferred_events_n,
            delivery.files
        from ledger
        order by arrival"
    ) -%}
    {#- Not a variable of dbt: with other variables dbt parses the whole project again. -#}
    {%- set as_of = env_var('UTVANDRING_AS_OF', '') -%}
    {%- if as_of and ask(
        "select count(*) from deliveries.delivery where verdict = 'accepted' and delivery_id = "
        ~ text_literal(as_of)
    ).columns[0][0] == 0 -%}
        {%- do exceptions.raise_compiler_error(
            'No accepted delivery is called ' ~ as_of ~ '. `utvandring deliveries` lists them.'
        ) -%}
    {%- endif -%}
    {#- Later deliveries are not known. -#}
    {%- do ask(
        "delete from deliveries.delivery
        where arrival > (
            select max(arrival) from deliveries.delivery
            where verdict = 'accepted' and delivery_id = " ~ text_literal(as_of) ~ "
        )"
    ) -%}
    {%- do ask(
        "create or replace table deliveries.delivery_file as
        with
        known as (
            select * from deliveries.delivery
            where verdict = 'accepted'
        ),
        brought as (
            select delivery_id, arrival, unnest(files, recursive := true) from known
        ),
        -- Files that count no more, since a delivery was withdrawn; the same file may have come again.
        withdrawn as (
            select arrival, unnest(withdraws) as path from deliveries.delivery
            where verdict = 'withdrawn'
        ),
        files as (
            select brought.*
            from brought
            anti join withdrawn on brought.path = withdrawn.path and brought.arrival < withdrawn.arrival
        )
        select
            *,
            row_number() over (
                partition by register, period order by version desc, arrival asc, path asc
            ) = 1 as is_current
        from files
        order by register, period, version, arrival"
    ) -%}
{% endmacro %}


{#- A gap in a required register would turn residents into people who vanished: stop before any model. -#}
{% macro require_complete_registers() %}
    {%- set missing = ask(
        "with
        january as (
            select min(period) as first_period, max(period) as last_period
            from deliveries.delivery_file where register = 'befolkning'
        ),
        wanted as (
            select 'befolkning' as register, unnest(generate_series(first_period, last_period)) as period from january
            union all
            select 'flytting', unnest(generate_series(first_period, last_period - 1)) from january
        )
        select 'befolkning (no period at all)' as missing from january where first_period is null
        union all
        select 'person (no period at all)'
        where not exists (select 1 from deliveries.delivery_file where register = 'person')
        union all
        select register || ' ' || period
        from wanted anti join deliveries.delivery_file using (register, period)
        order by 1"
    ).columns[0].values() -%}
    {%- if missing -%}
        {%- do exceptions.raise_compiler_error(
            'The accepted deliveries cannot be built yet; deliver first: ' ~ missing | join(', ') ~ '.'
        ) -%}
    {%- endif -%}
{% endmacro %}


{#- The statement that creates the view of one register over its current files. -#}
{% macro register_view(register, accepted) %}
    {%- set paths = ask(
        "select path from deliveries.delivery_file where is_current and register = "
        ~ text_literal(register.name) ~ " order by period"
    ).columns[0].values() -%}
    {#- Files that were accepted before the register had a column give it as unknown. -#}
    create or replace view registers.{{ register.name }} as
    with no_rows as (
        select
            {%- for column in register.columns.values() %}
            null::{{ column.data_type }} as {{ column.name }},
            {%- endfor %}
            null::integer as periode
        where false
    )
    select
        {%- for column in register.columns.values() %}
        {{ column.name }},
        {%- endfor %}
        periode
    from (
        select * from no_rows
        {%- if paths %}
        union all by name
        select * from read_parquet([
            {%- for path in paths %}{{ path_literal(accepted ~ '/' ~ path) }}{{ ', ' if not loop.last }}{% endfor -%}
        ], union_by_name = true)
        {%- endif %}
    )
{% endmacro %}
