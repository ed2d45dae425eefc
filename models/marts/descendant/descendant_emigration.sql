-- Grain: person_id.
-- Population: everyone in the person register, in Norway or abroad, who is Norwegian-born to two immigrant parents
-- (descendant), Norwegian-born with one foreign-born parent, Norwegian-born with two Norwegian-born parents (majority),
-- or an immigrant who first came before age 7.
-- Purpose: the first emigration since birth (since the first immigration for those who came as children), where to, in
-- which situation, and whether the person came back: the study of emigration among descendants of immigrants.
--
-- Emigrations before the first year of the migration register are not on record: is_followed_since_start tells those
-- whose whole life in Norway the registers cover. Education, labour status and income are those of the last year
-- before the emigration (base_year), NULL for who was not resident on the 1 January before it. Who is not back
-- within k years and was not followed so long has NULL; deaths abroad are known in part only.
-- Source: Rapporter 2016/27 (definitions); groups as in Rapporter 2021/02, persons born in Norway.
with

cohort as (
    select * from {{ ref('int_descendant__cohort') }}
),

-- Read twice: by default the engine would write it down first, since it is asked for twice.
spell as not materialized (
    select * from {{ ref('immigration_spell') }}
),

first_emigration as (
    select * from {{ ref('int_descendant__first_emigration') }}
),

country_group as (
    select * from {{ ref('country_group') }}
),

situation as (
    select * from {{ ref('int_descendant__situation') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

first_stay as (
    select
        person_id,
        entry_type,
        entry_year,
        observed_until,
    from spell
    where stay_number = 1
),

departure as (
    select spell.*
    from spell
    semi join first_emigration
        on
            spell.person_id = first_emigration.person_id
            and spell.stay_number = first_emigration.stay_number
),

register as (
    select min(calendar_year) as first_year
    from calendar
    where has_migration
),

final as (
    select
        cohort.person_id,
        cohort.immigrant_group,
        cohort.sex,
        cohort.birth_year,
        cohort.parents_country,
        cohort.parents_origin_group,
        coalesce(
            first_stay.entry_year >= register.first_year and first_stay.entry_type in ('birth', 'immigration'), false
        ) as is_followed_since_start,
        departure.exit_date is not null as has_emigrated,
        departure.exit_date as first_emigration_date,
        departure.exit_year as first_emigration_year,
        departure.exit_year - cohort.birth_year as age_at_emigration,
        departure.exit_country as destination_country,
        case
            when departure.exit_date is not null
                then
                    {{ emigration_destination(
                        'departure.exit_country', 'destination.destination_group', 'cohort.parents_country'
                    ) }}
        end as destination,
        departure.emigration_basis,
        situation.education_group,
        situation.labour_status,
        situation.occupational_income_nok,
        situation.income_group,
        departure.next_entry_date as return_date,
        {{ is_back_within(1) }} as is_back_within_1_years,
        {{ is_back_within(3) }} as is_back_within_3_years,
        {{ is_back_within(5) }} as is_back_within_5_years,
        cohort.death_date,
        first_stay.observed_until,
    from cohort
    cross join register
    left join first_stay on cohort.person_id = first_stay.person_id
    left join departure on cohort.person_id = departure.person_id
    left join country_group as destination on departure.exit_country = destination.country_code
    left join situation
        on
            departure.person_id = situation.person_id
            and departure.exit_date = situation.emigration_date
)

select * from final
order by person_id
