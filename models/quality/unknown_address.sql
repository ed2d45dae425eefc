-- Grain: reference_year, address_kind: residents whose address belongs to no region (2.2): kept in national figures,
-- left out of regional ones, counted here.
{{ config(materialized='incremental', meta={'year': 'reference_year'}) }}
with

resident as (
    select * from {{ from_year('int_population__resident', 'reference_year') }}
),

region as (
    select * from {{ ref('int_municipality__region') }}
),

final as (
    select
        resident.reference_year,
        coalesce(region.kind, 'unknown') as address_kind,
        count(*) as residents_n,
        sum(count(*)) over (partition by resident.reference_year)::bigint as all_residents_n,
        count(*)::double / sum(count(*)) over (partition by resident.reference_year) as residents_share,
    from resident
    left join region on resident.municipality_code = region.municipality_code
    group by resident.reference_year, coalesce(region.kind, 'unknown')
)

select * from final
where address_kind <> 'ordinary'
order by reference_year, address_kind
