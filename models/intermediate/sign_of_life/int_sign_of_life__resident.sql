-- Grain: person_id, base_year: everyone resident on 1 January of base_year + 1.
-- Purpose: the latest year up to base_year with a sign of life (never later: no leakage from the outcome year), and
-- probable over-coverage (2.1.5): resident since 1 January of base_year - 1 or earlier without a sign in that year
-- and in base_year, neither of the person nor of anyone in the family.
--
-- False for persons who have been resident for less. Where the population files do not reach back, first immigration
-- and birth show who cannot have been resident for long; nobody else came in the two years, since an immigration is
-- itself a sign. NULL where no sign was found and a sign register of the two years was not delivered, or where the year
-- has no family numbers: relatives may have shown a sign.
--
-- overcoverage_probability: the probability that the person has left without saying so, from the signs up to base_year
-- (int_sign_of_life__silence). Signs are those of the person and of the family of 1 January of base_year + 1, which is
-- taken to leave together (choice). It depends on the year when the silence began: of the last sign, or of the birth or
-- the entry into the population register; before the first year with all sign registers, overcoverage_run_start_year is
-- the year before that one, which says nothing. 0 in that year itself. NULL where nothing was heard in base_year and
-- there is no year with all sign registers up to it, no family number in the year and of the person, or no year of
-- birth.
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

silence as (
    select * from {{ from_year('int_sign_of_life__silence', 'base_year') }}
),

country_group as (
    select * from {{ ref('country_group') }}
),

first_year as (
    select
        min(calendar.calendar_year) filter (calendar.has_population) as population_year,
        min(sign_calendar.calendar_year) filter (sign_calendar.has_all_sign_registers) as sign_year,
    from calendar
    full join sign_calendar on calendar.calendar_year = sign_calendar.calendar_year
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
        count(*) as family_size,
    from last_sign
    where family_id is not null
    group by family_id, base_year
),

facts as (
    select
        last_sign.person_id,
        last_sign.base_year,
        last_sign.last_sign_of_life_year,
        coalesce(family_sign.last_sign_of_life_year, last_sign.last_sign_of_life_year) as last_family_sign_year,
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
        case
            when person.first_reference_year > first_year.population_year
                then greatest(person.first_reference_year - 1, person.birth_year)
            else person.birth_year
        end as entry_year,
        first_year.sign_year - 1 as year_before_signs,
        {{ overcoverage_group(
            'person.is_immigrant',
            'person.immigration_background',
            'country_group.origin_group',
            'coalesce(family_sign.family_size, 1) = 1',
            'last_sign.base_year - person.birth_year',
        ) }} as overcoverage_group,
    from last_sign
    cross join first_year
    left join person on last_sign.person_id = person.person_id
    left join family_sign
        on
            last_sign.family_id = family_sign.family_id
            and last_sign.base_year = family_sign.base_year
    left join country_group on person.country_of_birth = country_group.country_code
    left join numbered_year on last_sign.base_year + 1 = numbered_year.reference_year
    left join sign_calendar on last_sign.base_year = sign_calendar.calendar_year
    left join calendar as first_january on last_sign.base_year - 1 = first_january.calendar_year
    left join calendar as second_january on last_sign.base_year = second_january.calendar_year
),

begun as (
    select
        *,
        greatest(last_family_sign_year, entry_year, year_before_signs) as run_start_year,
    from facts
),

final as (
    select
        begun.person_id,
        begun.base_year,
        begun.last_sign_of_life_year,
        case
            when begun.is_resident_for_less then false
            when begun.last_family_sign_year >= begun.base_year - 1 then false
            when begun.has_all_sign_registers_two_years and begun.knows_family then true
        end as is_probable_overcoverage,
        begun.overcoverage_group,
        begun.run_start_year as overcoverage_run_start_year,
        case
            when greatest(begun.last_family_sign_year, begun.entry_year) >= begun.base_year then 0
            when begun.knows_family then silence.gone_probability
        end as overcoverage_probability,
    from begun
    left join silence
        on
            begun.overcoverage_group = silence.overcoverage_group
            and begun.run_start_year = silence.run_start_year
            and begun.base_year = silence.base_year
)

select * from final
