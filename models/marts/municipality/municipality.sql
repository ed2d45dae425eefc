-- Grain: municipality_code: the 428 municipalities of 2013 with county and centrality level (Vedlegg A).
with

municipality_2013 as (
    select * from {{ ref('municipality_2013') }}
),

final as (
    select
        municipality_code,
        municipality_name,
        county_code,
        county_name,
        centrality_level,
    from municipality_2013
)

select * from final
order by municipality_code
