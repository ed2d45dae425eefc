-- Grain: person_id, stay_number.
-- Purpose: stays in Norway, from the moves over the border, the population register on 1 January and deaths, in order.
--
-- A stay begins with the first sign that a person is in Norway and ends with the first sign that the person is not.
-- An immigration of somebody who is here, or an emigration of somebody who is not, changes nothing, but of emigrations
-- up to the next 1 January with no return between them the last one counts, of several on one day the one
-- registered first (as in the outcome of a person-year). Whose first sign is an emigration was here before it.
--
-- entry_type: immigration, a registered move; birth, a Norwegian-born who was never seen to come; before_register, who
-- was here on the first 1 January delivered, or left before it; unrecorded, seen on a later 1 January without having
-- come. exit_type: emigration; death; unaccounted, missed on a 1 January; NULL, still here.
with

crossing as (
    select * from {{ ref('int_stay__crossing') }}
),

sighting as (
    select * from {{ ref('int_stay__sighting') }}
),

person as (
    select * from {{ ref('int_person__characteristics') }}
),

norwegian_born as (
    select * from {{ ref('norwegian_born_group') }}
),

calendar as (
    select * from {{ ref('int_deliveries__calendar') }}
),

-- Of one day: moves in the order of registration, then what the register says, then death.
sign as (
    select
        person_id,
        event_date as sign_date,
        1 as position_in_day,
        event_type as sign_type,
        event_type = 'immigration' as is_in_norway,
        event_id,
        registered_date,
    from crossing
    union all
    select
        person_id,
        seen_on,
        2,
        case when is_in_norway then 'seen' when is_dead then 'seen_dead' else 'missed' end,
        is_in_norway,
        null,
        null,
    from sighting
    union all
    select
        person_id,
        death_date,
        3,
        'death',
        false,
        null,
        null,
    from person
    where death_date is not null
),

changed as (
    select
        *,
        coalesce(lag(is_in_norway) over in_order <> is_in_norway, true) as is_change,
    from sign
    window in_order as (
        partition by person_id
        order by sign_date, position_in_day, registered_date nulls last, sign_type, event_id nulls last
    )
),

numbered as (
    select
        *,
        count(*) filter (where is_change) over (
            partition by person_id
            order by sign_date, position_in_day, registered_date nulls last, sign_type, event_id nulls last
            rows unbounded preceding
        ) as phase_number,
    from changed
),

-- A phase is what its first sign says: the others of it say the same.
phase as (
    select
        person_id,
        phase_number,
        is_in_norway,
        sign_date as begins_on,
        sign_type,
        event_id,
    from numbered
    where is_change
),

emigration as (
    select
        numbered.person_id,
        numbered.phase_number,
        max(numbered.sign_date) as last_date,
        first(
            numbered.event_id order by numbered.sign_date desc, numbered.registered_date nulls last, numbered.event_id
        ) as event_id,
    from numbered
    inner join phase
        on
            numbered.person_id = phase.person_id
            and numbered.phase_number = phase.phase_number
            and phase.sign_type = 'emigration'
    where
        numbered.sign_type = 'emigration'
        and numbered.sign_date <= make_date(year(phase.begins_on) + 1, 1, 1)
    group by numbered.person_id, numbered.phase_number
),

departure as (
    select
        phase.person_id,
        phase.phase_number,
        phase.sign_type,
        phase.begins_on,
        coalesce(emigration.last_date, phase.begins_on) as exit_date,
        emigration.event_id,
    from phase
    left join emigration
        on
            phase.person_id = emigration.person_id
            and phase.phase_number = emigration.phase_number
    where not phase.is_in_norway
),

stay as (
    select
        phase.person_id,
        phase.phase_number,
        phase.sign_type as entry_sign,
        phase.begins_on as first_sign_date,
        phase.event_id as entry_event_id,
        departure.sign_type as exit_sign,
        departure.exit_date,
        departure.event_id as exit_event_id,
    from phase
    left join departure
        on
            phase.person_id = departure.person_id
            and phase.phase_number + 1 = departure.phase_number
    where phase.is_in_norway
    union all
    select
        person_id,
        0,
        null,
        begins_on,
        null,
        sign_type,
        exit_date,
        event_id,
    from departure
    where
        phase_number = 1
        and sign_type = 'emigration'
),

described as (
    select
        stay.*,
        row_number() over (partition by stay.person_id order by stay.phase_number)::integer as stay_number,
        norwegian_born.immigration_category is not null
        and coalesce(person.first_immigration_year > year(stay.first_sign_date), true) as is_native,
        person.birth_year,
        person.birth_month_date,
        person.first_immigration_date,
        person.first_immigration_year,
        stay.first_sign_date <= calendar.first_january as is_before_register,
    from stay
    cross join (
        select make_date(min(calendar_year), 1, 1) as first_january
        from calendar
        where has_population
    ) as calendar
    left join person on stay.person_id = person.person_id
    left join norwegian_born on person.immigration_category = norwegian_born.immigration_category
),

typed as (
    select
        *,
        case
            when entry_sign = 'immigration' then 'immigration'
            when stay_number > 1 then 'unrecorded'
            when is_native and (is_before_register or birth_year >= year(first_sign_date) - 1) then 'birth'
            when is_before_register then 'before_register'
            else 'unrecorded'
        end as entry_type,
    from described
),

final as (
    select
        person_id,
        stay_number,
        entry_type,
        case entry_type
            when 'immigration' then first_sign_date
            when 'birth' then least(birth_month_date, first_sign_date)
            when 'before_register'
                then case when first_immigration_date <= first_sign_date then first_immigration_date end
            when 'unrecorded' then case when entry_sign = 'seen' then first_sign_date end
        end as entry_date,
        case entry_type
            when 'birth' then birth_year
            when 'before_register'
                then case when first_immigration_year <= year(first_sign_date) then first_immigration_year end
            else case when entry_sign is not null then year(first_sign_date)::integer end
        end as entry_year,
        entry_event_id,
        case
            when exit_sign in ('death', 'seen_dead') then 'death'
            when exit_sign = 'missed' then 'unaccounted'
            else exit_sign
        end as exit_type,
        exit_date,
        exit_event_id,
        exit_sign in ('emigration', 'death') as is_exit_date_exact,
    from typed
)

select * from final
