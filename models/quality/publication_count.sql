-- Grain: measure, base_year, column_name.
-- Purpose: what a publication holds, counted so that a loss is seen before it replaces the last one
-- (`utvandring build` stops at one of more than 2 per cent, see docs/builds.md).
--   residents             person-years of the year; delivered_n: persons whom the file of 1 January after it calls
--                         resident
--   emigrants             of these, who emigrated
--   internal_outmigrants  of these, who moved to another municipality
--   known_values          of these, of whom the column has a value
--   migration_events      events of all years (base_year is NULL); delivered_n: rows of all migration files
-- What was delivered is the ledger's count of rows, which no model has touched. Exact repetitions are one event, so a
-- few events fewer than rows are no loss.
{{ config(materialized='incremental', meta={'year': 'base_year'}) }}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year') }}
),

migration_event as (
    select * from {{ all_years('migration_event', 'year(event_date)') }}
),

register_count as (
    select * from {{ all_years('register_count', 'period - 1') }}
),

population_status as (
    select * from {{ ref('population_status') }}
),

delivered as (
    select
        register_count.period - 1 as base_year,
        sum(register_count.rows_n)::bigint as residents_n,
    from register_count
    inner join population_status on register_count.code = population_status.status_code::varchar
    where
        register_count.register = 'befolkning'
        and register_count.code_column = 'statuskode'
        and population_status.is_resident
    group by register_count.period
),

delivered_event as (
    select sum(rows_n)::bigint as events_n
    from register_count
    where
        register = 'flytting'
        and code_column = 'hendelse'
),

counted as (
    select
        base_year,
        count(*) as residents_n,
        count(*) filter (where outcome_municipality = 'emigration') as emigrants_n,
        count(*) filter (where outcome_municipality = 'internal_outmigration') as internal_outmigrants_n,
    from person_year
    group by base_year
),

known as (
    select
        base_year,
        {%- for column in contract_columns('person_year') if column != 'base_year' %}
            count({{ column }}) as {{ column }},
        {%- endfor %}
    from person_year
    group by base_year
),

resident as (
    select
        'residents' as measure,
        base_year,
        'all' as column_name,
        coalesce(counted.residents_n, 0) as persons_n,
        delivered.residents_n as delivered_n,
    from delivered
    full join counted using (base_year)
),

mover as (
    select
        'emigrants' as measure,
        base_year,
        'all' as column_name,
        emigrants_n as persons_n,
        null::bigint as delivered_n,
    from counted
    union all
    select
        'internal_outmigrants',
        base_year,
        'all',
        internal_outmigrants_n,
        null,
    from counted
),

known_value as (
    select
        'known_values' as measure,
        base_year,
        column_name,
        persons_n,
        null::bigint as delivered_n,
    from known
    unpivot (persons_n for column_name in (columns(* exclude (base_year))))
),

event as (
    select
        'migration_events' as measure,
        null::integer as base_year,
        'all' as column_name,
        (select count(*) from migration_event) as persons_n,
        events_n as delivered_n,
    from delivered_event
),

final as (
    select * from resident
    union all
    select * from mover
    union all
    select * from known_value
    union all
    select * from event
)

select * from final
order by base_year, measure, column_name
