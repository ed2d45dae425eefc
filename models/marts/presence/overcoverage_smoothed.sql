-- Grain: person_id, base_year.
-- Population: residents on 1 January of base_year + 1 who may have left by the signs up to base_year
-- (person_year.overcoverage_probability above 0). Who is not in it showed a sign in base_year, or nothing is known.
-- Purpose: the probability that a registered resident had left without saying so, from signs before and after base_year
-- (2.1.5). Later silence raises it, a later sign of the person or the family lowers it.
--
-- It changes with every delivery, so it describes the past and must not be a characteristic of base_year: it looks into
-- the outcome year. That a person emigrates or dies later ends the history and says nothing. The group of the person is
-- that of base_year.
with

resident as (
    select
        person_id,
        base_year,
        overcoverage_group,
        overcoverage_probability,
        overcoverage_run_start_year,
    from {{ ref('int_sign_of_life__resident') }}
),

later_silence as (
    select * from {{ ref('int_sign_of_life__later_silence') }}
),

silent_person as (
    select distinct person_id
    from resident
    where overcoverage_probability > 0
),

-- The next year with a sign, and the last in which the person is registered.
in_time as (
    select
        resident.*,
        min(resident.base_year) filter (resident.overcoverage_run_start_year >= resident.base_year)
            over following as next_sign_year,
        max(resident.base_year) over following as last_base_year,
    from resident
    semi join silent_person on resident.person_id = silent_person.person_id
    window following as (
        partition by resident.person_id
        order by resident.base_year
        rows between current row and unbounded following
    )
),

ended as (
    select
        *,
        coalesce(next_sign_year - 1, last_base_year) as last_silent_year,
        next_sign_year is not null as ends_with_sign,
    from in_time
    where overcoverage_probability > 0
),

final as (
    select
        ended.person_id,
        ended.base_year,
        ended.overcoverage_probability,
        ended.overcoverage_probability * later_silence.gone_factor
        / (1 - ended.overcoverage_probability + ended.overcoverage_probability * later_silence.gone_factor)
            as overcoverage_smoothed_probability,
    from ended
    inner join later_silence
        on
            ended.overcoverage_group = later_silence.overcoverage_group
            and ended.base_year = later_silence.base_year
            and ended.last_silent_year = later_silence.last_silent_year
            and ended.ends_with_sign = later_silence.ends_with_sign
)

select * from final
order by base_year, person_id
