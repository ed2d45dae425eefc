-- Grain: person_id, job_year.
-- Purpose: whether a person has a job in the November reference week (2.1.6), as an employee or self-employed. With any
-- such job a person is employed; the main job only tells employees from the self-employed. The report says both "per
-- november" and during the calendar year: we take November (choice).
{{ config(materialized='incremental', meta={'year': 'job_year'}) }}
with

job as (
    select * from {{ from_year('stg_sysselsetting__job', 'job_year') }}
),

final as (
    select
        person_id,
        job_year,
        bool_or(is_employment) as is_employed,
    from job
    group by person_id, job_year
)

select * from final
