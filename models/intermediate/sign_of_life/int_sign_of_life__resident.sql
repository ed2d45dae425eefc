-- Grain: person_id, base_year: everyone resident on 1 January of base_year + 1.
-- Purpose: the latest year up to base_year with a sign of life (never later: no leakage from the outcome year), and
-- probable over-coverage (2.1.5): resident since 1 January of base_year - 1 or earlier without a sign in that year
-- and in base_year, neither of the person nor of anyone in the family.
--
-- False for those resident for less. Where the population files do not reach back, first immigration and birth tell
-- who cannot have been resident for long; nobody else came in the two years, since an immigration is itself a sign.
-- NULL where nothing was found and a sign register of the two years was not delivered, or where the person has no
-- family number in a year without any: relatives may have given a sign.
{{ config(materialized='incremental', meta={'year': 'base_year'}) }}
with

resident as (
    select * from {{ from_year('int_population__resident', 'reference_year - 1') }}
),

person as (
    select * from {{ all_years('int_population__person', 'first_reference_year - 1') }}
),

-- Of the years before those that are built the latest sign of a person is enough.
sign as (
    select
        person_id,
        sign_year,
    from {{ all_years('int_sign_of_life__person_year', 'sign_year') }}
    where {{ is_built('sign_year') }}
    union all
    select
        person_id,
        max(sign_year) as sign_year,
    from {{ ref('int_sign_of_life__person_year') }}
    where not {{ is_built('sign_year') }}
    group by person_id
),

sign_calendar as (
    select * from {{ all_years('int_sign_of_life__calendar', 'calendar_year') }}
),

calendar as (
    select * from {{ all_years('int_deliveries__calendar', 'calendar_year') }}
),

numbered_year as (
    select * from {{ from_year('int_population__numbered_year', 'reference_year - 1') }}
),

last_sign as (
    select
        resident.person_id,
        resident.reference_year - 1 as base_year,
        resident.family_id,
        resident.resident_januaries_n,
        sign.sign_year as last_sign_of_life_year,
    from resident
    asof left join sign
        on
            resident.person_id = sign.person_id
            and resident.reference_year - 1 >= sign.sign_year
),

family_sign as (
    select
        family_id,
        base_year,
        max(last_sign_of_life_year) as last_sign_of_life_year,
    from last_sign
    where family_id is not null
    group by family_id, base_year
),

facts as (
    select
        last_sign.person_id,
        last_sign.base_year,
        last_sign.last_sign_of_life_year,
        coalesce(family_sign.last_sign_of_life_year, last_sign.last_sign_of_life_year) >= last_sign.base_year - 1
            as has_recent_sign,
        sign_calendar.has_all_sign_registers_two_years,
        last_sign.family_id is not null or numbered_year.reference_year is not null as knows_family,
        case
            when last_sign.resident_januaries_n = 3 then false
            when first_january.has_population or (second_january.has_population and last_sign.resident_januaries_n = 1)
                then true
            else
                person.birth_year >= last_sign.base_year - 1
                or person.first_immigration_earliest_date > make_date(last_sign.base_year - 1, 1, 1)
                or person.first_immigration_year >= last_sign.base_year
        end as is_resident_for_less,
    from last_sign
    left join person on last_sign.person_id = person.person_id
    left join family_sign
        on
            last_sign.family_id = family_sign.family_id
            and last_sign.base_year = family_sign.base_year
    left join numbered_year on last_sign.base_year + 1 = numbered_year.reference_year
    left join sign_calendar on last_sign.base_year = sign_calendar.calendar_year
    left join calendar as first_january on last_sign.base_year - 1 = first_january.calendar_year
    left join calendar as second_january on last_sign.base_year = second_january.calendar_year
),

final as (
    select
        person_id,
        base_year,
        last_sign_of_life_year,
        case
            when is_resident_for_less then false
            when has_recent_sign then false
            when has_all_sign_registers_two_years and knows_family then true
        end as is_probable_overcoverage,
    from facts
)

select * from final
