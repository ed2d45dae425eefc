-- Grain: outcome_year, region_level, region_code, immigration_background, population, dimension, category.
-- Purpose: the counts of marts.mobility_rate, and those of the areas that the counties of its three divisions are made
-- of, which are never shown: what lies in the same county of 2013, of 2020 and of 2024. Nordland of 2013 is Nordland of
-- 2020 and Tjeldsund: who knows both knows something of Tjeldsund, and of a count that is missing in one of them.
--
-- An area is county_area with a code such as 18-54-55, for everybody only: by the later divisions other
-- characteristics are not released.
with

rate as (
    select * from {{ ref('mobility_rate') }}
),

cell as (
    select * from {{ ref('int_mobility__cell') }}
    where
        dimension = 'none'
        and county_code is not null
),

area as (
    select
        cell.outcome_year,
        cell.outcome_is_provisional,
        'county_area' as region_level,
        concat_ws('-', cell.county_code, cell.county_code_2020, cell.county_code_2024) as region_code,
        background.immigration_background,
        population.population,
        cell.dimension,
        cell.category,
        sum(cell.residents_n)::bigint as residents_n,
        sum(cell.emigrants_n)::bigint as emigrants_n,
        sum(cell.internal_outmigrants_centrality_n) filter (
            where cell.outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
        )::bigint as internal_outmigrants_centrality_n,
        sum(cell.internal_outmigrants_county_n)::bigint as internal_outmigrants_county_n,
        sum(cell.deaths_n)::bigint as deaths_n,
        sum(cell.unaccounted_n)::bigint as unaccounted_n,
    from
        cell,
        lateral (
            values (cell.immigration_background), ('all')
        ) as background (immigration_background),
        lateral (
            values
            ('all', true),
            ('age_15_74', cell.is_age_15_74),
            ('age_20_35', cell.is_age_20_35)
        ) as population (population, is_member)
    where population.is_member
    group by all
),

final as (
    select columns('^outcome_|^region_|^immigration_background$|^population$|^dimension$|^category$|_n$')
    from rate
    union all by name
    select * from area
)

select * from final
