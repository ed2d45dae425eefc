select
    personid as person_id,
    i.periode as income_year,
    wyrkinnt as occupational_income_nok,
    case
        when wyrkinnt > 0 and wyrkinnt < 0.5 * half then 'low'
        when wyrkinnt > 1.5 * half then 'high'
        when wyrkinnt > 0 then 'middle'
        else 'none'
    end as income_group,
from warehouse.registers.inntekt as i
left join
    (select periode, median(wyrkinnt) as half from warehouse.registers.inntekt where wyrkinnt > 0 group by periode) as m
    on i.periode = m.periode
