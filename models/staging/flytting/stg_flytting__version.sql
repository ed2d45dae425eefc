-- Grain: row of any version of the migration register (repetitions included), with the delivery that brought it.
with

source as (
    select * from {{ source('register_versions', 'flytting') }}
),

event_type as (
    select * from {{ ref('migration_event_type') }}
),

basis as (
    select * from {{ ref('emigration_basis') }}
),

final as (
    select
        source.periode as period,
        source.version,
        source.arrival,
        source.personid as person_id,
        event_type.event_type,
        source.flyttedato as event_date,
        source.regdato as registered_date,
        source.til_land as to_country,
        basis.emigration_basis as delivered_basis,
    from source
    left join event_type on source.hendelse = event_type.event_code
    left join basis on source.utvandringstype = basis.basis_code
)

select * from final
