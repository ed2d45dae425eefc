-- Grain: municipality_code of any division since 2002.
-- Purpose: the municipality of 2013, the counties of three divisions and the centrality that a delivered code belongs
-- to (2.2, Vedlegg A).
--
-- NULL for unknown addresses (0000, 9999), Svalbard and other territories. Choice: a municipality merged after 2013
-- from several counts as the one among them that gave it its name, else the most populous (column
-- municipality_code_2013 of the seed); whether somebody moved is decided on all of them, in int_municipality__move.
-- So Lindesnes, Ullensvang, Øygarden and Tjeldsund of 2020 are those of 2013, though Mandal, Odda, Fjell and Skånland,
-- which joined them, had more people. Tjeldsund was in Nordland, Skånland in Troms: by county_code all of it is in
-- Nordland, by the counties of 2020 and 2024 in Troms og Finnmark and in Troms.
-- In the later divisions a code has a county, and a class of the centrality index of 2024, if all codes that it may lie
-- in have the same: of the split municipalities the county is known, the class is not.
with

municipality as (
    select * from {{ ref('municipality_code') }}
),

municipality_2013 as (
    select * from {{ ref('municipality_2013') }}
),

division as (
    select * from {{ ref('int_municipality__division') }}
),

centrality_class as (
    select * from {{ ref('centrality_class') }}
    where centrality_class_version = 2024
),

possible as (
    select
        division.municipality_code,
        list(distinct left(division.division_code, 2)) filter (where division.division = 2020) as counties_2020,
        list(distinct left(division.division_code, 2)) filter (where division.division = 2024) as counties_2024,
        -- A code without a class counts as one of another class.
        list(distinct coalesce(centrality_class.centrality_class, 0)) filter (where division.division = 2024)
            as classes_2024,
    from division
    left join centrality_class on division.division_code = centrality_class.municipality_code
    group by division.municipality_code
),

final as (
    select
        municipality.municipality_code,
        municipality.kind,
        municipality.municipality_code_2013,
        municipality_2013.county_code,
        case when array_length(possible.counties_2020) = 1 then possible.counties_2020[1] end as county_code_2020,
        case when array_length(possible.counties_2024) = 1 then possible.counties_2024[1] end as county_code_2024,
        municipality_2013.centrality_level,
        case when array_length(possible.classes_2024) = 1 then nullif(possible.classes_2024[1], 0) end
            as centrality_class_2024_back,
    from municipality
    left join municipality_2013
        on municipality.municipality_code_2013 = municipality_2013.municipality_code
    left join possible on municipality.municipality_code = possible.municipality_code
)

select * from final
order by municipality_code
