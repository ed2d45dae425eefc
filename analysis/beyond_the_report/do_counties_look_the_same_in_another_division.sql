-- Emigration of immigrants by the counties of 2013, 2020 and 2024: the same person-years in three divisions.
-- depends_on: {{ ref('emigration_by_division') }}
-- depends_on: {{ ref('county') }}
--
-- Population: immigrants resident at the start of the year, unknown addresses and Svalbard left out.
-- Definition: per 100 residents of the county at the start of the year, all years without provisional outcomes pooled.
--   Every address is translated to each division. Codes 03, 11, 15 and 18 are in all three, with other borders.
-- Grain: division, county_code.
-- Columns: division, county_code, county_name, residents_n (person-years), emigration_rate.
-- Read: of 100 immigrants who live in this county of this division, emigration_rate leave Norway in a year.
with

division as (
    from (values ('county', 2013), ('county_2020', 2020), ('county_2024', 2024)) as division (region_level, division)
),

rate as (
    select * from marts.emigration_by_division
),

county as (
    select * from code_lists.county
),

final as (
    select
        division.division,
        rate.region_code as county_code,
        county.county_name,
        rate.residents_n,
        rate.emigration_rate,
    from rate
    inner join division on rate.region_level = division.region_level
    left join county on rate.region_code = county.county_code
)

select * from final
order by division, county_code
