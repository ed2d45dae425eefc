-- Grain: person_id, base_year: immigrants who have lived in Norway for five years at most.
-- Purpose: a population of the study's own, made from the published person-years.
with

person_year as (
    select * from {{ source('published', 'person_year') }}
),

final as (
    select
        person_id,
        base_year,
        outcome_year,
        sex,
        coalesce(education_group, 'unknown') as education_group,
        residence_years,
        outcome_municipality = 'emigration' as is_emigrant,
    from person_year
    where
        is_immigrant
        and residence_years between 0 and 5
        and sex is not null
        and outcome_municipality is not null
)

select * from final
order by base_year, person_id
