select
    person_id,
    sign_year,
    bool_or(sign = 1) as has_job,
    bool_or(sign = 2) as has_education_activity,
    bool_or(sign = 3) as has_jobseeker_registration,
    bool_or(sign = 4) as has_occupational_income,
    bool_or(sign = 5) as has_move,
from (
    select personid as person_id, periode::integer as sign_year, 1::utinyint as sign
    from warehouse.registers.sysselsetting
    where yrkstat in (select status_code from warehouse.code_lists.labour_market_status where is_employment)
    union all
    select personid, periode, 2 from warehouse.registers.utdanningsaktivitet
    union all
    select personid, periode, 3 from warehouse.registers.arbeidssoker
    union all
    select personid, periode, 4 from warehouse.registers.inntekt where wyrkinnt > 0
    union all
    select person_id, year(event_date)::integer, 5
    from warehouse.intermediate.int_migration__event
    where event_type in ('internal', 'immigration')
)
group by person_id, sign_year
