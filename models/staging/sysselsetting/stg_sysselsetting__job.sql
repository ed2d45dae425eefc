-- Grain: job in the November reference week of job_year.
{{ config(meta={'year': 'job_year'}) }}
with

source as (
    select * from {{ source('registers', 'sysselsetting') }}
),

status as (
    select * from {{ ref('labour_market_status') }}
),

final as (
    select
        source.personid as person_id,
        source.periode as job_year,
        coalesce(status.is_employment, false) as is_employment,
        source.orgnr as employer_id,
        source.naring as industry_code,
    from source
    left join status on source.yrkstat = status.status_code
)

select * from final
