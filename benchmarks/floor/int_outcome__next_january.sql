select
    r.person_id,
    r.reference_year - 1 as base_year,
    r.reference_year as outcome_year,
    c.has_next_january,
    c.has_events,
    coalesce(s.is_resident, false) as is_resident_next_january,
    r.family_id,
    r.municipality_code,
    r.citizenship,
    case when c.has_next_january then b.kommnr else coalesce(l.municipality_code, r.municipality_code) end
        as next_municipality_code,
from warehouse.intermediate.int_population__resident as r
join warehouse.intermediate.int_outcome__calendar as c on r.reference_year = c.outcome_year
left join warehouse.registers.befolkning as b on r.person_id = b.personid and r.reference_year + 1 = b.periode
left join warehouse.code_lists.population_status as s on b.statuskode = s.status_code
left join warehouse.intermediate.int_outcome__last_address as l
    on r.person_id = l.person_id and r.reference_year = l.outcome_year
