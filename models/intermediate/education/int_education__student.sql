-- Grain: person_id, activity_year.
-- Purpose: persons in education (2.1.6): enrolled on 1 October, or with an exam passed during the year. An enrolment
-- counts for its period whatever day of the year its date names; an exam must be dated in the year.
{{ config(materialized='incremental', meta={'year': 'activity_year', 'rests_on': {'utdanningsaktivitet': 0}}) }}
with

activity as (
    select * from {{ ref('stg_utdanningsaktivitet__activity') }}
    where {{ is_needed('activity_year') }}
),

final as (
    select distinct
        person_id,
        activity_year,
    from activity
    where not is_exam or year(activity_date) = activity_year
)

select * from final
