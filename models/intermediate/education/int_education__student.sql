-- Grain: person_id, activity_year.
-- Purpose: persons in education (2.1.6): enrolled on 1 October, or with an exam passed during the year. An enrolment
-- counts for its period whatever day of the year its date names; an exam must be dated in the year.
{{ config(materialized='incremental', meta={'year': 'activity_year'}) }}
with

activity as (
    select * from {{ from_year('stg_utdanningsaktivitet__activity', 'activity_year') }}
),

final as (
    select distinct
        person_id,
        activity_year,
    from activity
    where not is_exam or year(activity_date) = activity_year
)

select * from final
