-- Corrected emigration rates of all immigrants beside those of the simulated truth (overcoverage.py). Who is found out
-- the year after had left as well.
with

resident as (
    select
        person_id,
        base_year,
        outcome_year,
        outcome_municipality = 'emigration' as has_emigrated,
    from marts.person_year
    where is_immigrant
),

counted as (
    select
        resident.outcome_year,
        count(*) filter (before.person_id is null) as here_n,
        count(*) filter (
            before.person_id is null
            and (resident.has_emigrated or (after.person_id is not null and next_year.person_id is not null))
        ) as leaving_n,
    from resident
    left join truth as before
        on
            resident.person_id = before.person_id
            and resident.base_year = before.base_year
    left join truth as after
        on
            resident.person_id = after.person_id
            and resident.outcome_year = after.base_year
    left join resident as next_year
        on
            resident.person_id = next_year.person_id
            and resident.outcome_year = next_year.base_year
    group by resident.outcome_year
)

select
    counted.outcome_year,
    rate.emigration_rate_registered,
    rate.emigration_rate_corrected,
    rate.conf_low,
    rate.conf_high,
    100.0 * counted.leaving_n / counted.here_n as true_rate,
from counted
inner join marts.emigration_rate_corrected as rate on counted.outcome_year = rate.outcome_year
where rate.dimension = 'none' and rate.emigration_rate_corrected is not null
order by counted.outcome_year
