-- Grain: municipality_code of any division since 2002.
-- Purpose: the municipality of 2013, county and centrality level that a delivered code belongs to (2.2, Vedlegg A).
--
-- NULL for unknown addresses (0000, 9999), Svalbard and other territories. Choice: a municipality merged after 2013
-- from several counts as the one among them that gave it its name, else the most populous (column
-- municipality_code_2013 of the seed); whether somebody moved is decided on all of them, in int_municipality__move.
with

municipality as (
    select * from {{ ref('municipality_code') }}
),

municipality_2013 as (
    select * from {{ ref('municipality_2013') }}
),

final as (
    select
        municipality.municipality_code,
        municipality.kind,
        municipality.municipality_code_2013,
        municipality_2013.county_code,
        municipality_2013.centrality_level,
    from municipality
    left join municipality_2013
        on municipality.municipality_code_2013 = municipality_2013.municipality_code
)

select * from final
order by municipality_code
