-- Grain: overcoverage_group, begins_unknown, ends_with_sign, silent_years_n.
-- Purpose: counts of sign histories, from which `utvandring overcoverage` estimates the parameters of over-coverage. A
-- run is a row of silent years of a resident and the family; it ends with a sign, or with the last year in which the
-- person is registered. Two signs in a row are a run of 0 silent years.
--
-- Runs of persons of whom nothing is known before the first year with all sign registers begin unknown in it. Runs over
-- a year of which a sign register is missing are left out. The group is that of the year in which the run ends.
with

resident as (
    select * from {{ ref('int_sign_of_life__resident') }}
    where overcoverage_group is not null
),

calendar as (
    select
        calendar_year,
        has_all_sign_registers,
        count(*) filter (has_all_sign_registers) over (order by calendar_year) as judged_years_n,
        min(calendar_year) filter (has_all_sign_registers) over () as first_year,
    from {{ ref('int_sign_of_life__calendar') }}
),

silent as (
    select
        resident.person_id,
        resident.base_year,
        resident.overcoverage_group,
        resident.base_year - resident.overcoverage_run_start_year as silent_years_n,
        begins.judged_years_n = 0 as begins_unknown,
        ends.first_year,
        ends.judged_years_n - begins.judged_years_n = resident.base_year - resident.overcoverage_run_start_year
        and ends.has_all_sign_registers as is_judged,
    from resident
    inner join calendar as ends on resident.base_year = ends.calendar_year
    inner join calendar as begins on resident.overcoverage_run_start_year = begins.calendar_year
),

neighbours as (
    select
        *,
        lag(base_year) over in_time as previous_year,
        lag(silent_years_n) over in_time as previous_silent_years_n,
        lag(begins_unknown) over in_time as previous_begins_unknown,
        lag(is_judged) over in_time as was_judged,
        lead(base_year) over in_time as next_year,
        min(base_year) over () as first_base_year,
    from silent
    window in_time as (
        partition by person_id
        order by base_year
    )
),

run as (
    select
        overcoverage_group,
        previous_begins_unknown as begins_unknown,
        true as ends_with_sign,
        previous_silent_years_n as silent_years_n,
    from neighbours
    where
        silent_years_n = 0
        and is_judged
        and base_year > first_year
        and was_judged
        and previous_year = base_year - 1
    union all
    select
        overcoverage_group,
        begins_unknown,
        false as ends_with_sign,
        silent_years_n,
    from neighbours
    where
        silent_years_n > 0
        and is_judged
        and next_year is distinct from base_year + 1
    union all
    select
        overcoverage_group,
        true as begins_unknown,
        true as ends_with_sign,
        0 as silent_years_n,
    from neighbours
    where
        silent_years_n = 0
        and is_judged
        and base_year = first_year
        and (previous_year = base_year - 1 or base_year = first_base_year)
),

final as (
    select
        *,
        count(*) as runs_n,
    from run
    group by all
)

select * from final
