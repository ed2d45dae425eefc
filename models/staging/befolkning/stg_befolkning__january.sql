-- Grain: person in the population register on 1 January of reference_year.
{{ config(meta={'year': 'reference_year'}) }}
with

source as (
    select * from {{ source('registers', 'befolkning') }}
),

status as (
    select * from {{ ref('population_status') }}
),

person_code as (
    select * from {{ ref('family_person_code') }}
),

final as (
    select
        source.personid as person_id,
        source.periode as reference_year,
        status.is_resident,
        status.is_dead,
        source.kommnr as municipality_code,
        source.famnr as family_id,
        coalesce(person_code.is_child, false) as is_family_child,
    from source
    left join status on source.statuskode = status.status_code
    left join person_code on source.personkode = person_code.person_code
)

select * from final
