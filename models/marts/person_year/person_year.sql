-- Grain: person_id, base_year: everyone resident on 1 January of base_year + 1 (= outcome_year).
-- Purpose: characteristics of base_year beside what happened in outcome_year (Rapporter 2016/27, ch. 1.2, 2.1, 5.2).
-- Every rule is decided in one intermediate model; here they are only put side by side.
--
-- Age is base_year - birth year, completed years on 31 December (choice). Residence counts from the first
-- immigration, unchanged by later ones; 0 for somebody who first came on 1 January of outcome_year; NULL where the
-- first immigration is dated later than that. A person without a row in the person register is kept, with NULLs.
-- A resident without a family number is a family of one (2.1.8), unless the year carries no numbers at all.
{{ config(materialized='incremental', meta={'year': 'base_year', 'block_years': 4}) }}
with

outcome as (
    select * from {{ from_year('int_outcome__person_year', 'base_year') }}
),

person as (
    select * from {{ all_years('int_population__person', 'first_reference_year - 1') }}
),

region as (
    select * from {{ ref('int_municipality__region') }}
),

centrality_class as (
    select * from {{ ref('centrality_class') }}
),

education as (
    select * from {{ from_year('int_education__highest_education', 'education_year') }}
),

calendar as (
    select * from {{ from_year('int_deliveries__calendar', 'calendar_year') }}
),

labour as (
    select * from {{ from_year('int_labour__status', 'base_year') }}
),

family as (
    select
        *,
        reference_year - 1 as base_year,
    from {{ from_year('family_year', 'reference_year - 1') }}
),

numbered_year as (
    select * from {{ from_year('int_population__numbered_year', 'reference_year - 1') }}
),

sign_of_life as (
    select * from {{ from_year('int_sign_of_life__resident', 'base_year') }}
),

person_time as (
    select
        outcome.*,
        person.* exclude (person_id),
        outcome.base_year - person.birth_year as age,
        case
            when person.first_immigration_year <= outcome.base_year
                then outcome.base_year - person.first_immigration_year
            when person.first_immigration_date = make_date(outcome.outcome_year, 1, 1) then 0
        end as residence_years,
        outcome.family_id is null and numbered_year.reference_year is not null as is_family_of_one,
    from outcome
    left join person on outcome.person_id = person.person_id
    left join numbered_year on outcome.outcome_year = numbered_year.reference_year
),

final as (
    select
        person_time.person_id,
        person_time.base_year,
        person_time.outcome_year,
        person_time.sex,
        person_time.birth_year,
        person_time.age,
        {{ age_group('person_time.age') }} as age_group,
        person_time.immigration_category,
        person_time.is_immigrant,
        person_time.is_descendant,
        person_time.immigration_background,
        person_time.country_of_birth,
        person_time.country_background,
        person_time.citizenship,
        person_time.first_immigration_year,
        person_time.residence_years,
        case
            when person_time.residence_years between 0 and 2 then '0-2'
            when person_time.residence_years between 3 and 5 then '3-5'
            when person_time.residence_years between 6 and 10 then '6-10'
            when person_time.residence_years between 11 and 15 then '11-15'
            when person_time.residence_years >= 16 then '16+'
        end as residence_group,
        person_time.municipality_code,
        region.municipality_code_2013,
        region.county_code,
        region.county_code_2020,
        region.county_code_2024,
        case
            when person_time.outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
                then region.centrality_level
        end as centrality_level,
        centrality_class.centrality_class,
        centrality_class.centrality_class_version,
        region.centrality_class_2024_back,
        case when calendar.has_education then coalesce(education.education_group, 'unknown') end as education_group,
        case when calendar.has_education then coalesce(education.education_group_logit, 'none_or_unknown') end
            as education_group_logit,
        labour.is_employed,
        labour.is_in_education,
        labour.unemployed_months,
        labour.labour_status,
        person_time.family_id,
        case when person_time.is_family_of_one then 1 else family.family_size end as family_size,
        case
            when person_time.is_family_of_one then coalesce(person_time.is_immigrant, false)::integer
            else family.family_immigrants
        end as family_immigrants,
        case
            when not person_time.is_family_of_one then family.family_type
            when person_time.is_immigrant then 'immigrants_only'
            else 'no_immigrants'
        end as family_type,
        person_time.outcome_centrality,
        person_time.outcome_centrality_class,
        person_time.outcome_county,
        person_time.outcome_municipality,
        person_time.outcome_is_provisional,
        person_time.emigration_date,
        person_time.emigration_registered_date,
        person_time.emigration_country,
        person_time.emigration_basis,
        person_time.emigration_basis_source,
        person_time.returned_within_year,
        sign_of_life.last_sign_of_life_year,
        sign_of_life.is_probable_overcoverage,
        sign_of_life.overcoverage_probability,
    from person_time
    inner join calendar on person_time.base_year = calendar.calendar_year
    left join region on person_time.municipality_code = region.municipality_code
    left join centrality_class
        on
            person_time.municipality_code = centrality_class.municipality_code
            and person_time.outcome_year >= year(centrality_class.valid_from)
            and coalesce(person_time.outcome_year < year(centrality_class.valid_to), true)
    left join education
        on
            person_time.person_id = education.person_id
            and person_time.base_year = education.education_year
    left join labour
        on
            person_time.person_id = labour.person_id
            and person_time.base_year = labour.base_year
    left join family
        on
            person_time.family_id = family.family_id
            and person_time.base_year = family.base_year
    left join sign_of_life
        on
            person_time.person_id = sign_of_life.person_id
            and person_time.base_year = sign_of_life.base_year
)

select * from final
order by base_year, person_id
