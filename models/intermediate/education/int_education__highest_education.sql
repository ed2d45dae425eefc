-- Grain: person_id, education_year.
-- Purpose: highest completed education on 1 October in the groups of the tables and of the logit models (2.1.7, C1).
-- The register holds those with a known education: who has no row in a delivered year is unknown, which person_year
-- decides, since it knows who was resident.
{{ config(materialized='incremental', meta={'year': 'education_year'}) }}
with

education as (
    select * from {{ from_year('stg_utdanning__highest_education', 'education_year') }}
),

final as (
    select
        person_id,
        education_year,
        education_group,
        education_group_logit,
    from education
)

select * from final
