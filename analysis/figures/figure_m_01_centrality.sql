-- Map M.1: the municipalities of 2013 by centrality level (the map of section 2.2).
-- depends_on: {{ ref('municipality_2013') }}
-- depends_on: {{ ref('county') }}
--
-- Shows: the level of every municipality, 1 least to 4 most central (Vedlegg A).
-- Grain: figure, municipality_code.
-- Columns: figure, municipality_code, municipality_name, county_name, centrality_level.
-- Read: the municipality is on this level.
with

municipality_2013 as (
    select * from code_lists.municipality_2013
),

county as (
    select * from code_lists.county
),

final as (
    select
        'M.1' as figure,
        municipality_2013.municipality_code,
        municipality_2013.municipality_name,
        county.county_name,
        municipality_2013.centrality_level,
    from municipality_2013
    left join county on municipality_2013.county_code = county.county_code
)

select * from final
order by municipality_code
