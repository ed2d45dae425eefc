-- The next sign is the next year in which the silence begins anew; only the history of the silent is put in order.
with history as (
    select
        person_id, base_year, overcoverage_group as g, overcoverage_probability as p,
        min(base_year) filter (overcoverage_run_start_year >= base_year) over w as next_sign,
        max(base_year) over w as last_year,
    from warehouse.intermediate.int_sign_of_life__resident
    where person_id in
        (select person_id from warehouse.intermediate.int_sign_of_life__resident where overcoverage_probability > 0)
    window w as (partition by person_id order by base_year rows between current row and unbounded following)
)
select
    h.person_id,
    h.base_year,
    h.p as overcoverage_probability,
    h.p * l.gone_factor / (1 - h.p + h.p * l.gone_factor) as overcoverage_smoothed_probability,
from history as h
join warehouse.intermediate.int_sign_of_life__later_silence as l
    on
        h.g = l.overcoverage_group and h.base_year = l.base_year
        and coalesce(h.next_sign - 1, h.last_year) = l.last_silent_year
        and (h.next_sign is not null) = l.ends_with_sign
where h.p > 0
order by h.base_year, h.person_id
