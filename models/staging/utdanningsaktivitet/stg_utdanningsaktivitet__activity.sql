-- Grain: enrolment or exam of activity_year.
{{ config(meta={'year': 'activity_year'}) }}
with

source as (
    select * from {{ source('registers', 'utdanningsaktivitet') }}
),

activity as (
    select * from {{ ref('education_activity') }}
),

final as (
    select
        source.personid as person_id,
        source.periode as activity_year,
        activity.is_exam,
        source.dato as activity_date,
    from source
    left join activity on source.aktivitet = activity.activity_code
)

select * from final
