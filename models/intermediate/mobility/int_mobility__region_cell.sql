-- Grain: outcome_year, region_level, region_code, population, immigration_background.
-- Purpose: residents and their outcomes by their region at the start of the year: the whole country, county (of 2013),
-- centrality.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year + 1') }}
    where outcome_municipality is not null
),

described as (
    select
        outcome_year,
        outcome_is_provisional,
        coalesce(is_immigrant, false) as is_immigrant,
        coalesce(is_descendant, false) as is_descendant,
        immigration_background,
        county_code,
        centrality_level,
        count(*) as residents_n,
        count(*) filter (where outcome_municipality = 'emigration') as emigrants_n,
        count(*) filter (where outcome_county = 'internal_outmigration') as internal_outmigrants_n,
        -- NULL where the standard does not reach, as the sum of nothing.
        sum(
            case
                when outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
                    then coalesce(outcome_centrality = 'internal_outmigration', false)::integer
            end
        ) as internal_outmigrants_centrality_n,
        count(*) filter (where outcome_municipality = 'death') as deaths_n,
    from person_year
    group by all
),

final as (
    select
        described.outcome_year,
        region.region_level,
        region.region_code,
        population.population,
        population.immigration_background,
        described.outcome_is_provisional,
        sum(described.residents_n)::bigint as residents_n,
        sum(described.emigrants_n)::bigint as emigrants_n,
        sum(described.internal_outmigrants_n)::bigint as internal_outmigrants_n,
        sum(described.internal_outmigrants_centrality_n)::bigint as internal_outmigrants_centrality_n,
        sum(described.deaths_n)::bigint as deaths_n,
    from
        described,
        lateral (
            values
            ('country', '0'),
            ('county', described.county_code),
            ('centrality', described.centrality_level::varchar)
        ) as region (region_level, region_code),
        lateral (
            values
            ('all', 'all', true),
            ('immigrants', 'all', described.is_immigrant),
            ('immigrants', described.immigration_background, described.is_immigrant),
            ('children_of_immigrants', 'all', described.is_descendant),
            ('others', 'all', not described.is_immigrant and not described.is_descendant)
        ) as population (population, immigration_background, is_member)
    where
        region.region_code is not null
        and population.is_member
        and population.immigration_background is not null
    group by all
)

select * from final
