-- Grain: row of the migration register (repetitions included).
{{ config(meta={'year': 'year(event_date)'}) }}
with

source as (
    select * from {{ source('registers', 'flytting') }}
),

event_type as (
    select * from {{ ref('migration_event_type') }}
),

basis as (
    select * from {{ ref('emigration_basis') }}
),

country as (
    select * from {{ ref('country') }}
),

date_precision as (
    select * from {{ ref('date_precision') }}
),

final as (
    select
        source.personid as person_id,
        event_type.event_type,
        source.flyttedato as event_date,
        source.regdato as registered_date,
        source.fra_kommnr as from_municipality_code,
        source.til_kommnr as to_municipality_code,
        source.fra_land as from_country,
        source.til_land as to_country,
        coalesce(country.is_unknown, true) as is_to_country_unknown,
        basis.emigration_basis as delivered_basis,
        coalesce(source.er_avledet, false) as is_inferred,
        coalesce(date_precision.is_exact_day, true) as is_day_exact,
    from source
    left join event_type on source.hendelse = event_type.event_code
    left join basis on source.utvandringstype = basis.basis_code
    left join country on source.til_land = country.country_code
    left join date_precision on source.flyttedato_presisjon = date_precision.precision_code
)

select * from final
