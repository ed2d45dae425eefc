select
    u.personid as person_id,
    u.periode as education_year,
    l.education_group,
    l.education_group_logit,
from warehouse.registers.utdanning as u
left join warehouse.code_lists.nus2000_level as l on left(u.nus2000, 1) = l.level_code
