select * rename (employed as is_employed, studies as is_in_education, months as unemployed_months) from (
select
    r.person_id,
    c.calendar_year as base_year,
    case when c.has_employment then coalesce(e.is_employed, false) end as employed,
    case when c.has_education_activity then s.person_id is not null end as studies,
    case when c.has_jobseekers then coalesce(u.unemployed_months, 0) end as months,
    case
        when not coalesce(c.calendar_year - p.birth_year between 15 and 74, false) then null
        when employed is null or studies is null or months is null then null
        when months >= 7 then 'unemployed'
        when employed and studies then 'employed_in_education'
        when employed then 'employed'
        when studies then 'in_education'
        when months >= 1 then 'unemployed'
        else 'outside_labour_force'
    end as labour_status,
from warehouse.intermediate.int_population__resident as r
join warehouse.intermediate.int_deliveries__calendar as c on r.reference_year - 1 = c.calendar_year
left join warehouse.intermediate.int_population__person as p on r.person_id = p.person_id
left join warehouse.intermediate.int_labour__employment as e
    on r.person_id = e.person_id and r.reference_year - 1 = e.job_year
left join warehouse.intermediate.int_education__student as s
    on r.person_id = s.person_id and r.reference_year - 1 = s.activity_year
left join warehouse.intermediate.int_labour__unemployment as u
    on r.person_id = u.person_id and r.reference_year - 1 = u.unemployment_year
)
