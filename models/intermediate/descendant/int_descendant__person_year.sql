-- Grain: person_id, base_year: residents on 1 January of base_year + 1 who belong to one of the compared groups.
-- Purpose: the situation of base_year beside an emigration in outcome_year, with destination seen from the parents.
--
-- is_at_risk_of_first_emigration: never emigrated before on record. is_first_emigration: did so in outcome_year.
{{ config(meta={'year': 'base_year'}) }}
with

person_year as (
    select * from {{ from_year('person_year', 'base_year') }}
    where outcome_municipality is not null
),

cohort as (
    select * from {{ all_years('int_descendant__group', 'first_reference_year - 1') }}
),

first_emigration as (
    select * from {{ all_years('int_descendant__first_emigration', 'outcome_year - 1') }}
),

income as (
    select * from {{ from_year('int_income__person_year', 'income_year') }}
),

calendar as (
    select * from {{ from_year('int_deliveries__calendar', 'calendar_year') }}
),

country_group as (
    select * from {{ ref('country_group') }}
),

final as (
    select
        person_year.person_id,
        person_year.base_year,
        person_year.outcome_year,
        cohort.immigrant_group,
        cohort.parents_origin_group,
        person_year.sex,
        person_year.age,
        case
            when person_year.age < 18 then '0-17'
            when person_year.age < 25 then '18-24'
            when person_year.age < 35 then '25-34'
            else '35+'
        end as descendant_age_group,
        person_year.education_group,
        person_year.labour_status,
        {{ income_group_of_resident() }} as income_group,
        person_year.outcome_municipality as outcome,
        case
            when person_year.outcome_municipality = 'emigration'
                then
                    {{ emigration_destination(
                        'person_year.emigration_country', 'destination.destination_group', 'cohort.parents_country'
                    ) }}
        end as destination,
        coalesce(
            first_emigration.first_emigration_date
            >= least(person_year.emigration_date, make_date(person_year.outcome_year, 1, 1)),
            true
        ) as is_at_risk_of_first_emigration,
        coalesce(first_emigration.first_emigration_date = person_year.emigration_date, false) as is_first_emigration,
        person_year.outcome_is_provisional,
    from person_year
    inner join cohort on person_year.person_id = cohort.person_id
    left join first_emigration on person_year.person_id = first_emigration.person_id
    inner join calendar on person_year.base_year = calendar.calendar_year
    left join income
        on
            person_year.person_id = income.person_id
            and person_year.base_year = income.income_year
    left join country_group as destination on person_year.emigration_country = destination.country_code
)

select * from final
