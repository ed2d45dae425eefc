-- Maps M.3, M.4 and M.5: emigration of immigrants by the counties of 2013, 2020 and 2024, all years together.
-- depends_on: {{ ref('release_emigration_by_division') }}
--
-- Shows: the same person-years in three divisions.
-- Population: immigrants of all ages (our choice) resident at the start of the outcome year in one of the counties.
-- Definition: per 100 residents of the county at the start of the year (2.1.4), the years pooled; empty where withheld.
--   Codes 03, 11, 15 and 18 recur in the divisions with other borders.
-- Grain: figure, county_code.
-- Columns: figure, county_code, county_name, outcome (emigration), period (the years), emigration_rate.
-- Read: in a year of the period emigration_rate per cent of the county's immigrants emigrated.
with

emigration_by_division as (
    select * from release.emigration_by_division
),

figure as (
    select *
    from (
        values
        ('M.3', 'county'),
        ('M.4', 'county_2020'),
        ('M.5', 'county_2024')
    ) as figure (figure, region_level)
),

final as (
    select
        figure.figure,
        emigration_by_division.region_code as county_code,
        emigration_by_division.county_name,
        'emigration' as outcome,
        emigration_by_division.period,
        emigration_by_division.emigration_rate,
    from emigration_by_division
    inner join figure on emigration_by_division.region_level = figure.region_level
)

select * from final
order by figure, county_code
