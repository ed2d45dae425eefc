-- Immigrants in base years of which two years and more could have been heard, with what classifiers go by and the truth
-- (overcoverage.py).
with

resident as (
    select
        *,
        base_year - overcoverage_run_start_year as silent_years_n,
        min(overcoverage_run_start_year) over () as year_before_signs,
    from intermediate.int_sign_of_life__resident
    where overcoverage_probability is not null
),

-- Signs that are not moves.
activity as (
    select distinct
        person_id,
        sign_year,
    from intermediate.int_sign_of_life__person_year
    where has_job or has_education_activity or has_jobseeker_registration or has_occupational_income
)

select
    resident.overcoverage_group,
    resident.silent_years_n,
    resident.overcoverage_run_start_year = resident.year_before_signs as begins_unknown,
    resident.base_year - person.birth_year as age,
    resident.overcoverage_group like '%, alone, %' as is_alone,
    coalesce(resident.base_year - person.first_immigration_year <= 6, false) as is_new,
    coalesce(resident.is_probable_overcoverage, false) as is_probable_overcoverage,
    lately.person_id is null and before.person_id is null and resident.silent_years_n > 0 as is_without_activity,
    resident.overcoverage_probability as shipped,
    case when resident.silent_years_n = 0 then 0 else coalesce(renewed.gone_probability, 0) end as renewed,
    coalesce(smoothed.overcoverage_smoothed_probability, 0) as smoothed,
    coalesce(not truth.is_found_next_year, false) as is_gone,
    coalesce(truth.is_found_next_year, false) as is_found_next_year,
from resident
inner join intermediate.int_population__person as person on resident.person_id = person.person_id
left join renewed
    on
        resident.overcoverage_group = renewed.overcoverage_group
        and resident.overcoverage_run_start_year = renewed.run_start_year
        and resident.base_year = renewed.base_year
left join marts.overcoverage_smoothed as smoothed
    on
        resident.person_id = smoothed.person_id
        and resident.base_year = smoothed.base_year
left join activity as lately
    on
        resident.person_id = lately.person_id
        and resident.base_year = lately.sign_year
left join activity as before
    on
        resident.person_id = before.person_id
        and resident.base_year - 1 = before.sign_year
left join truth
    on
        resident.person_id = truth.person_id
        and resident.base_year = truth.base_year
where
    person.is_immigrant
    and resident.base_year > resident.year_before_signs + 1
