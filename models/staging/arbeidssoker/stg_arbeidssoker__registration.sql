-- Grain: registration of a person as jobseeker in a month (repetitions included).
{{ config(meta={'year': 'registration_year'}) }}
with

source as (
    select * from {{ source('registers', 'arbeidssoker') }}
),

status as (
    select * from {{ ref('jobseeker_status') }}
),

final as (
    select
        source.personid as person_id,
        source.periode as registration_year,
        source.maaned as registration_month,
        status.jobseeker_group,
    from source
    left join status on source.hovedstatus = status.status_code
)

select * from final
