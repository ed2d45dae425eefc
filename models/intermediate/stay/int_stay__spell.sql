-- Grain: person_id, stay_number.
-- Purpose: stays in Norway, from the moves over the border, the population register on 1 January and deaths, in order.
--
-- A stay begins with the first sign that a person is in Norway and ends with the first sign that the person is not.
-- An immigration of somebody who is here changes nothing, nor does an emigration of somebody who is not. But of several
-- emigrations up to the next 1 January without a return between them the last one counts; of several on one day the one
-- registered first (as in the outcome of a person-year). A person whose first sign is an emigration was here before it.
-- Moves within Norway are no signs (int_outcome__status). Of an emigration and an immigration on one day the one that
-- was registered first came first; where nothing shows the order, the person left and came back.
--
-- entry_type: immigration, a registered move; birth, a Norwegian-born person without an immigration; before_register,
-- here on the first delivered 1 January, or gone before it; unrecorded, resident on a later 1 January without an
-- immigration. exit_type: emigration; death; unaccounted, missing on a 1 January; NULL, still here.
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
        crossing_number,
        event_type as sign_type,
        event_type = 'immigration' as is_in_norway,
    from crossing
    union all
    select
        person_id,
        seen_on,
        2,
        null,
        case when is_in_norway then 'seen' when is_dead then 'seen_dead' else 'missed' end,
        is_in_norway,
    from sighting
    union all
    select
        person_id,
        death_date,
        3,
        null,
        'death',
        false,
    from person
    where death_date is not null
),

-- Signs of one absence all come after the same number of signs of being here.
changed as (
    select
        *,
        coalesce(lag(is_in_norway) over in_order <> is_in_norway, true) as is_change,
        row_number() over in_order as sign_number,
        count(*) filter (where is_in_norway) over (in_order rows unbounded preceding) as signs_of_being_here_n,
    from sign
    window in_order as (
        partition by person_id
        order by sign_date, position_in_day, crossing_number
    )
),

-- A phase is what its first sign says: the others of it say the same, and the first of the next one the opposite.
phase as (
    select
        person_id,
        is_in_norway,
        sign_type,
        sign_date as begins_on,
        crossing_number,
        signs_of_being_here_n,
        first(sign_type = 'emigration') over in_order as is_first_sign_emigration,
        count(*) filter (where is_in_norway) over (in_order rows unbounded preceding) as presence_number,
        lead(sign_type) over in_order as next_sign_type,
        lead(sign_date) over in_order as next_begins_on,
        lead(crossing_number) over in_order as next_crossing_number,
        lead(signs_of_being_here_n) over in_order as next_signs_of_being_here_n,
        lead(sign_type, 2) over in_order as second_next_sign_type,
        lead(sign_date, 2) over in_order as second_next_begins_on,
    from changed
    where is_change
    window in_order as (partition by person_id order by sign_number)
),

-- Whose first sign is an emigration had a stay before it.
stay as (
    select
        person_id,
        presence_number + is_first_sign_emigration::integer as stay_number,
        sign_type as entry_sign,
        begins_on as first_sign_date,
        crossing_number as entry_crossing_number,
        next_sign_type as exit_sign,
        next_begins_on as exit_date,
        next_crossing_number as exit_crossing_number,
        next_signs_of_being_here_n as signs_of_being_here_n,
        second_next_sign_type as next_entry_sign,
        second_next_begins_on as next_first_sign_date,
    from phase
    where is_in_norway
    union all
    select
        person_id,
        1,
        null,
        begins_on as first_sign_date,
        null,
        sign_type,
        begins_on as exit_date,
        crossing_number,
        signs_of_being_here_n,
        next_sign_type,
        next_begins_on,
    from phase
    where
        sign_type = 'emigration'
        and presence_number = 0
),

-- Further emigrations of the absence in which a stay ends.
later_emigration as (
    select
        stay.person_id,
        stay.stay_number,
        max(changed.sign_date) as exit_date,
        first(changed.crossing_number order by changed.sign_date desc, changed.crossing_number) as crossing_number,
    from stay
    inner join changed
        on
            stay.person_id = changed.person_id
            and stay.signs_of_being_here_n = changed.signs_of_being_here_n
            and changed.sign_type = 'emigration'
            and not changed.is_change
    where
        stay.exit_sign = 'emigration'
        and changed.sign_date > stay.exit_date
        and changed.sign_date <= make_date(year(stay.exit_date) + 1, 1, 1)
    group by stay.person_id, stay.stay_number
),

described as (
    select
        stay.* exclude (exit_date, exit_crossing_number),
        coalesce(later_emigration.exit_date, stay.exit_date) as exit_date,
        coalesce(later_emigration.crossing_number, stay.exit_crossing_number) as exit_crossing_number,
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
    left join later_emigration
        on
            stay.person_id = later_emigration.person_id
            and stay.stay_number = later_emigration.stay_number
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
        stay_number::integer as stay_number,
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
        entry_crossing_number,
        case
            when exit_sign in ('death', 'seen_dead') then 'death'
            when exit_sign = 'missed' then 'unaccounted'
            else exit_sign
        end as exit_type,
        exit_date,
        exit_crossing_number,
        exit_sign in ('emigration', 'death') as is_exit_date_exact,
        next_first_sign_date as next_entry_date,
        case next_entry_sign when 'immigration' then 'immigration' when 'seen' then 'unrecorded' end as next_entry_type,
    from typed
)

select * from final
