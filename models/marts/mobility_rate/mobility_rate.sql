-- Grain: outcome_year, region_level, region_code, immigration_background, population, dimension, category.
-- Purpose: rates of emigration and internal out-migration of immigrants per 100 residents at the start of the year,
-- for the figures and tables of chapters 4 and 5 (2.1.4). Deaths and unaccounted stay in the denominator.
--
-- Regions are those at the start of the year: rows of other levels leave unknown regions out, the country keeps them.
-- centrality is the level of 2008 (1 least, 4 most central), up to outcome year 2017; centrality_class the class of the
-- index (1 most, 6 least central), from 2020 on. county, county_2020 and county_2024 are the counties of three
-- divisions; codes 03, 11, 15 and 18 recur in them with other borders. Moves are those between counties of 2013,
-- between levels of 2008 and between classes of the index, whatever the level of the row. Cells without residents,
-- persons whose category is NULL and years without outcome are absent.
-- Moves between centrality levels are NULL for years after the last one for which centrality is defined, moves between
-- classes for years whose second 1 January is before the first list.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

cell as (
    select * from {{ from_year('int_mobility__cell', 'outcome_year') }}
),

spread as (
    select
        cell.* exclude (immigration_background),
        region.region_level,
        region.region_code,
        background.immigration_background,
        population.population,
    from
        cell,
        lateral (
            values
            ('country', '0'),
            ('centrality', cell.centrality_level::varchar),
            ('centrality_class', cell.centrality_class::varchar),
            ('county', cell.county_code),
            ('county_2020', cell.county_code_2020),
            ('county_2024', cell.county_code_2024)
        ) as region (region_level, region_code),
        lateral (
            values (cell.immigration_background), ('all')
        ) as background (immigration_background),
        lateral (
            values
            ('all', true),
            ('age_15_74', cell.is_age_15_74),
            ('age_20_35', cell.is_age_20_35)
        ) as population (population, is_member)
    where
        region.region_code is not null
        and population.is_member
),

counted as (
    select
        outcome_year,
        region_level,
        region_code,
        immigration_background,
        population,
        dimension,
        category,
        outcome_is_provisional,
        sum(residents_n)::bigint as residents_n,
        sum(emigrants_n)::bigint as emigrants_n,
        sum(internal_outmigrants_centrality_n)::bigint as internal_outmigrants_centrality_n,
        sum(internal_outmigrants_centrality_class_n)::bigint as internal_outmigrants_centrality_class_n,
        sum(internal_outmigrants_county_n)::bigint as internal_outmigrants_county_n,
        sum(deaths_n)::bigint as deaths_n,
        sum(unaccounted_n)::bigint as unaccounted_n,
    from spread
    group by all
),

known as (
    select
        * replace (
            case
                when outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
                    then internal_outmigrants_centrality_n
            end as internal_outmigrants_centrality_n,
            case
                when
                    outcome_year + (not outcome_is_provisional)::integer
                    >= {{ var('first_year_of_centrality_class') }}
                    then internal_outmigrants_centrality_class_n
            end as internal_outmigrants_centrality_class_n
        ),
    from counted
),

final as (
    select
        *,
        100.0::double * emigrants_n / residents_n as emigration_rate,
        100.0::double * internal_outmigrants_centrality_n / residents_n as internal_outmigration_centrality_rate,
        100.0::double * internal_outmigrants_centrality_class_n / residents_n
            as internal_outmigration_centrality_class_rate,
        100.0::double * internal_outmigrants_county_n / residents_n as internal_outmigration_county_rate,
    from known
)

select * from final
order by outcome_year, region_level, region_code, immigration_background, population, dimension, category
