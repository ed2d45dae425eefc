-- Grain: person_id, job_year.
-- Purpose: whether the main job of the November reference week is employment (2.1.6). A person with several jobs is
-- classified by the one flagged as main; without a flag, or with several, by the longest hours, employment first.
{{ config(materialized='incremental', meta={'year': 'job_year'}) }}
with

job as (
    select * from {{ from_year('stg_sysselsetting__job', 'job_year') }}
),

final as (
    select
        person_id,
        job_year,
        first(is_employment order by is_main_job desc, weekly_hours desc nulls last, is_employment desc) as is_employed,
    from job
    group by person_id, job_year
)

select * from final
