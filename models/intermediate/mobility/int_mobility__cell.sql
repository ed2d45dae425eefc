-- Grain: outcome_year, immigration_background, is_age_15_74, is_age_20_35, county_code, county_code_2020,
-- county_code_2024, centrality_level, centrality_class, dimension, category.
-- Purpose: immigrants counted once per dimension, in cells so small that every rate is a ratio of their sums.
--
-- The pair family_size_type has mixed (of whatever composition) and all as further types.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year + 1') }}
    where
        is_immigrant
        and outcome_municipality is not null
),

described as (
    select
        outcome_year,
        immigration_background,
        {{ is_age_15_74('age') }} as is_age_15_74,
        {{ is_age_20_35('age') }} as is_age_20_35,
        county_code,
        county_code_2020,
        county_code_2024,
        centrality_level,
        centrality_class,
        sex,
        age_group,
        residence_group,
        education_group,
        labour_status,
        {{ family_size_group('family_size') }} as family_size,
        family_type,
        outcome_is_provisional,
        count(*) as residents_n,
        count(*) filter (where outcome_municipality = 'emigration') as emigrants_n,
        count(*) filter (where outcome_centrality = 'internal_outmigration') as internal_outmigrants_centrality_n,
        count(*) filter (where outcome_centrality_class = 'internal_outmigration')
            as internal_outmigrants_centrality_class_n,
        count(*) filter (where outcome_county = 'internal_outmigration') as internal_outmigrants_county_n,
        count(*) filter (where outcome_municipality = 'death') as deaths_n,
        count(*) filter (where outcome_municipality = 'unaccounted') as unaccounted_n,
    from person_year
    group by all
),

spread as (
    select
        described.*,
        dimension.dimension,
        dimension.category,
    from
        described,
        lateral (
            values
            ('none', 'all'),
            ('sex', described.sex),
            ('age_group', described.age_group),
            ('residence_group', described.residence_group),
            ('education_group', described.education_group),
            ('labour_status', described.labour_status),
            {{ categories_of_family('described.family_size', 'described.family_type') }}
        ) as dimension (dimension, category)
    where dimension.category is not null
),

final as (
    select
        outcome_year,
        immigration_background,
        is_age_15_74,
        is_age_20_35,
        county_code,
        county_code_2020,
        county_code_2024,
        centrality_level,
        centrality_class,
        dimension,
        category,
        outcome_is_provisional,
        sum(residents_n) as residents_n,
        sum(emigrants_n) as emigrants_n,
        sum(internal_outmigrants_centrality_n) as internal_outmigrants_centrality_n,
        sum(internal_outmigrants_centrality_class_n) as internal_outmigrants_centrality_class_n,
        sum(internal_outmigrants_county_n) as internal_outmigrants_county_n,
        sum(deaths_n) as deaths_n,
        sum(unaccounted_n) as unaccounted_n,
    from spread
    group by all
)

select * from final
