-- Grain: register, period, code_column, code: rows of the version that the warehouse reads, by code.
-- Purpose: the ledger of counts that every new delivery is held against. Long code lists (municipalities, countries)
-- are not counted; an unknown value has the code NULL.
{{ config(meta={'year': 'period'}) }}
with

delivery_file as (
    select * from {{ source('deliveries', 'delivery_file') }}
    where is_current
),

counted as (
    select
        register,
        period,
        unnest(map_entries(counts)) as entry,
    from delivery_file
),

by_code as (
    select
        register,
        period,
        entry['key'] as code_column,
        unnest(map_entries(entry['value'])) as code_entry,
    from counted
),

coded as (
    select
        register,
        period,
        code_column,
        nullif(code_entry['key'], '') as code,
        code_entry['value'] as rows_n,
    from by_code
),

final as (
    select
        *,
        rows_n::double / sum(rows_n) over (partition by register, period, code_column) as rows_share,
    from coded
)

select * from final
order by register, period, code_column, code nulls first
