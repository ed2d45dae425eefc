-- Grain: period, region_level, region_code.
-- Population: immigrants resident at the start of the year in a county of each of the three divisions (not on Svalbard,
-- nor at an unknown address).
-- Purpose: emigration per 100 residents by the counties of 2013 (county), 2020 and 2024 from the same person-years: all
-- years without provisional outcomes pooled, so that the small areas that changed county hide nobody (choice).
--
-- Codes 03, 11, 15 and 18 recur in the divisions with other borders. An area is what lies in one county of each
-- division, named by its three counties: every county is a sum of areas. areas names all that a row is made of, and
-- divided_… the county of several areas in that division that the row is, or is a part of: what disclosure control
-- must know of sums (docs/disclosure.md).
-- Source: Rapporter 2016/27, 2.1.4.
with

cell as (
    select * from {{ ref('int_mobility__cell') }}
    where
        dimension = 'none'
        and not outcome_is_provisional
        and county_code is not null
        and county_code_2020 is not null
        and county_code_2024 is not null
),

area as (
    select
        county_code,
        county_code_2020,
        county_code_2024,
        concat_ws('-', county_code, county_code_2020, county_code_2024) as area,
        sum(residents_n)::bigint as residents_n,
        sum(emigrants_n)::bigint as emigrants_n,
    from cell
    group by all
),

divided as (
    select
        *,
        case when count(*) over (partition by county_code) > 1 then county_code end as divided_county,
        case when count(*) over (partition by county_code_2020) > 1 then county_code_2020 end
            as divided_county_2020,
        case when count(*) over (partition by county_code_2024) > 1 then county_code_2024 end
            as divided_county_2024,
    from area
),

period as (
    select concat_ws('-', min(outcome_year), max(outcome_year)) as period
    from cell
),

counted as (
    select
        region.region_level,
        region.region_code,
        string_agg(divided.area, '+' order by divided.area) as areas,
        case when region.region_level in ('area', 'county') then any_value(divided.divided_county) end
            as divided_county,
        case when region.region_level in ('area', 'county_2020') then any_value(divided.divided_county_2020) end
            as divided_county_2020,
        case when region.region_level in ('area', 'county_2024') then any_value(divided.divided_county_2024) end
            as divided_county_2024,
        sum(divided.residents_n)::bigint as residents_n,
        sum(divided.emigrants_n)::bigint as emigrants_n,
    from
        divided,
        lateral (
            values
            ('area', divided.area),
            ('county', divided.county_code),
            ('county_2020', divided.county_code_2020),
            ('county_2024', divided.county_code_2024)
        ) as region (region_level, region_code)
    group by region.region_level, region.region_code
),

final as (
    select
        period.period,
        counted.*,
        100.0::double * counted.emigrants_n / counted.residents_n as emigration_rate,
    from
        counted,
        period
)

select * from final
order by period, region_level, region_code
