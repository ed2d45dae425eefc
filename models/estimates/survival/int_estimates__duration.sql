-- Grain: transition, person_id.
-- Population: immigrants (category B). Transition emigration: the first stay of those whose first immigration is on
-- record, from the day of the move. Persons who came before the register are left out: only those who stayed are seen.
-- Transition reimmigration: from the person's first emigration on record to the return.
-- Purpose: durations in exact days with the event that ended them, for the Aalen-Johansen estimates.
--
-- Competing events: emigration, death, and missing without either (unaccounted); after an emigration reimmigration and
-- death. Deaths abroad are known in part only, so that some of the dead count as still abroad. Without an event the
-- duration is censored when the registers end.
with

spell as (
    select * from {{ ref('immigration_spell') }}
    where is_immigrant
),

stay as (
    select
        'emigration' as transition,
        person_id,
        entry_year as cohort,
        origin_group,
        comparison_country,
        immigration_background,
        duration_days,
        case when exit_date <= observed_until then exit_type end as event,
    from spell
    where
        entry_type = 'immigration'
        and stay_number = 1
        and not is_reimmigration
        and duration_days >= 0
),

departure as (
    select *
    from spell
    where exit_type = 'emigration'
    qualify row_number() over (partition by person_id order by stay_number) = 1
),

absence as (
    select
        'reimmigration' as transition,
        person_id,
        exit_year as cohort,
        origin_group,
        comparison_country,
        immigration_background,
        (least(coalesce(next_entry_date, death_date, observed_until), observed_until) - exit_date)::integer
            as duration_days,
        case
            when next_entry_date <= observed_until then 'reimmigration'
            when next_entry_date is null and death_date <= observed_until then 'death'
        end as event,
    from departure
    where exit_date <= observed_until
),

final as (
    select * from stay
    union all
    select * from absence
)

select * from final
