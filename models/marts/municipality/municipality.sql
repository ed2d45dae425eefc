-- Grain: municipality_code: the 428 municipalities of 2013 with county and centrality level (Vedlegg A).
with

municipality_2013 as (
    select * from {{ ref('municipality_2013') }}
),

county as (
    select * from {{ ref('county') }}
    where
        coalesce(valid_from <= date '2013-01-01', true)
        and coalesce(valid_to > date '2013-01-01', true)
),

final as (
    select
        municipality_2013.municipality_code,
        municipality_2013.municipality_name,
        municipality_2013.county_code,
        county.county_name,
        municipality_2013.centrality_level,
    from municipality_2013
    left join county on municipality_2013.county_code = county.county_code
)

select * from final
order by municipality_code
