-- Grain: outcome_year, origin_group, immigration_background.
-- Purpose: immigrants of all ages and their emigrations as registered, by what the register says about the basis.
{{ config(materialized='incremental', meta={'year': 'outcome_year'}) }}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year + 1') }}
    where
        is_immigrant
        and outcome_municipality is not null
),

country_group as (
    select * from {{ ref('country_group') }}
),

final as (
    select
        person_year.outcome_year,
        person_year.outcome_is_provisional,
        country_group.origin_group,
        person_year.immigration_background,
        count(*) as residents_n,
        count(*) filter (where person_year.outcome_municipality = 'emigration') as emigrants_n,
        count(*) filter (
            where person_year.outcome_municipality = 'emigration' and person_year.emigration_basis = 'administrative'
        ) as administrative_n,
        count(*) filter (
            where person_year.outcome_municipality = 'emigration' and person_year.emigration_basis = 'unknown'
        ) as unknown_basis_n,
    from person_year
    left join country_group on person_year.country_of_birth = country_group.country_code
    group by all
)

select * from final
