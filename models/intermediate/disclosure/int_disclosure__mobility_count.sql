-- Grain: outcome_year, region_level, region_code, immigration_background, population, dimension, category.
-- Purpose: every count of marts.mobility_rate that somebody could ask for, zeros included, once: the same persons under
-- two names (ages 15-24 of all ages and of 15-74) are one cell, so that it is judged once.
--
-- Categories that hold fewer persons in the whole country than the threshold are left out, and with them those that
-- cannot occur (62-74 among ages 20-35): nothing of them is ever shown.
with

mobility_rate as (
    select * from {{ ref('mobility_rate') }}
),

region as (
    select distinct
        region_level,
        region_code,
    from mobility_rate
),

background as (
    select distinct immigration_background
    from mobility_rate
),

category as (
    select
        outcome_year,
        outcome_is_provisional,
        population,
        dimension,
        category,
    from mobility_rate
    where
        region_level = 'country'
        and immigration_background = 'all'
        and not {{ is_small('residents_n') }}
        and not (population = 'all' and dimension in ('age_group', 'labour_status'))
        and not (dimension = 'family_size_type' and category like '%|all')
),

final as (
    select
        md5_number_lower(
            concat_ws(
                '/',
                category.outcome_year,
                region.region_level,
                region.region_code,
                background.immigration_background,
                category.population,
                category.dimension,
                category.category
            )
        ) as cell_id,
        category.*,
        region.region_level,
        region.region_code,
        background.immigration_background,
        coalesce(mobility_rate.residents_n, 0) as residents_n,
        coalesce(mobility_rate.emigrants_n, 0) as emigrants_n,
        case
            when category.outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
                then coalesce(mobility_rate.internal_outmigrants_centrality_n, 0)
        end as internal_outmigrants_centrality_n,
        coalesce(mobility_rate.internal_outmigrants_county_n, 0) as internal_outmigrants_county_n,
        coalesce(mobility_rate.deaths_n, 0) as deaths_n,
        coalesce(mobility_rate.unaccounted_n, 0) as unaccounted_n,
    from category
    cross join region
    cross join background
    left join mobility_rate
        on
            category.outcome_year = mobility_rate.outcome_year
            and category.population = mobility_rate.population
            and category.dimension = mobility_rate.dimension
            and category.category = mobility_rate.category
            and region.region_level = mobility_rate.region_level
            and region.region_code = mobility_rate.region_code
            and background.immigration_background = mobility_rate.immigration_background
)

select * from final
