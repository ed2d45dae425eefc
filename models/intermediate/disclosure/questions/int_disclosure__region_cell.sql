-- Grain: outcome_year, region_level, region_code, population, immigration_background, item.
-- Purpose: every count of marts.emigration_by_region that somebody could ask for, zeros included. Immigrants of a
-- country, centrality level or county are cells of marts.mobility_rate already, and keep their cell_id.
--
-- Populations and backgrounds that hold fewer persons in the whole country and year than the threshold are left out.
with

emigration_by_region as (
    select * from {{ ref('emigration_by_region') }}
),

mobility_count as (
    select * from {{ ref('int_disclosure__mobility_count') }}
    where
        population = 'all'
        and dimension = 'none'
),

region as (
    select distinct
        region_level,
        region_code,
    from emigration_by_region
),

grouped as (
    select
        outcome_year,
        outcome_is_provisional,
        population,
        immigration_background,
    from emigration_by_region
    where
        region_level = 'country'
        and not {{ is_small('residents_n') }}
),

complete as (
    select
        grouped.*,
        region.region_level,
        region.region_code,
        coalesce(counted.residents_n, 0) as residents_n,
        coalesce(counted.emigrants_n, 0) as emigrants_n,
        coalesce(counted.internal_outmigrants_n, 0) as internal_outmigrants_n,
        coalesce(counted.deaths_n, 0) as deaths_n,
    from grouped
    inner join region
        on
            (region.region_level <> 'first_centrality' or grouped.population = 'immigrants')
            and (
                region.region_level in ('country', 'county')
                or grouped.outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
            )
    left join emigration_by_region as counted
        on
            grouped.outcome_year = counted.outcome_year
            and grouped.population = counted.population
            and grouped.immigration_background = counted.immigration_background
            and region.region_level = counted.region_level
            and region.region_code = counted.region_code
),

item as (
    unpivot complete
    on residents_n, emigrants_n, internal_outmigrants_n, deaths_n
    into name item value n
),

final as (
    select
        {{ outcome_year_block('item.outcome_year') }} as block_id,
        coalesce(
            mobility_count.cell_id,
            {{ question_cell_id(
                'emigration_by_region',
                [
                    'item.outcome_year',
                    'item.region_level',
                    'item.region_code',
                    'item.population',
                    'item.immigration_background',
                    'item.item',
                ]
            ) }}
        ) as cell_id,
        if(item.item = 'internal_outmigrants_n', 'internal_outmigrants_county_n', item.item) as measure,
        mobility_count.cell_id is not null as is_of_mobility_rate,
        item.*,
    from item
    left join mobility_count
        on
            item.population = 'immigrants'
            and item.outcome_year = mobility_count.outcome_year
            and item.region_level = mobility_count.region_level
            and item.region_code = mobility_count.region_code
            and item.immigration_background = mobility_count.immigration_background
)

select * from final
