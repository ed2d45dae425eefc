-- Grain: person with a known highest education on 1 October of education_year.
{{ config(meta={'year': 'education_year'}) }}
with

source as (
    select * from {{ source('registers', 'utdanning') }}
),

level as (
    select * from {{ ref('nus2000_level') }}
),

final as (
    select
        source.personid as person_id,
        source.periode as education_year,
        level.education_group,
        level.education_group_logit,
    from source
    left join level on left(source.nus2000, 1) = level.level_code
)

select * from final
