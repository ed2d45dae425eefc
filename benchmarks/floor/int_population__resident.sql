select
    personid as person_id,
    periode as reference_year,
    kommnr as municipality_code,
    statsborgerskap as citizenship,
    famnr as family_id,
    coalesce(personkode in (select person_code from warehouse.code_lists.family_person_code where is_child), false)
        as is_family_child,
    case
        when lag(periode, 2) over w = periode - 2 then 3
        when lag(periode) over w = periode - 1 then 2
        else 1
    end as resident_januaries_n,
from warehouse.registers.befolkning
where statuskode in (select status_code from warehouse.code_lists.population_status where is_resident)
window w as (partition by personid order by periode)
