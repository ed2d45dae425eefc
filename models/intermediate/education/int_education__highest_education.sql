-- Grain: person_id, education_year.
-- Purpose: highest completed education on 1 October in the groups of the tables and of the logit models (2.1.7, C1).
-- The register holds those with a known education: who has no row in a delivered year is unknown, which person_year
-- decides, since it knows who was resident.
{{ config(materialized='incremental', meta={'year': 'education_year', 'rests_on': {'utdanning': 0}}) }}
with

education as (
    select * from {{ ref('stg_utdanning__highest_education') }}
    where {{ is_needed('education_year') }}
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
