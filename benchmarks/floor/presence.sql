-- Only years without a sign are put in order: they are few. The Januaries in a row say whether the year before counts.
with seen as (
    select
        r.person_id,
        r.reference_year - 1 as base_year,
        r.resident_januaries_n as januaries,
        s.person_id is not null as is_seen,
        s.has_job, s.has_education_activity, s.has_jobseeker_registration, s.has_occupational_income, s.has_move,
        s.person_id is null and sc.has_all_sign_registers and c.has_population as is_silent,
        c.has_population, sc.has_all_sign_registers, c.has_employment, c.has_education_activity as has_education,
        c.has_jobseekers, c.has_occupational_income as has_income, c.has_migration,
    from warehouse.intermediate.int_population__resident as r
    join warehouse.intermediate.int_deliveries__calendar as c on r.reference_year - 1 = c.calendar_year
    left join warehouse.intermediate.int_sign_of_life__calendar as sc on r.reference_year - 1 = sc.calendar_year
    left join warehouse.intermediate.int_sign_of_life__person_year as s
        on r.person_id = s.person_id and r.reference_year - 1 = s.sign_year
),
silent as (
    select
        *,
        case
            when januaries = 1 then 0
            when lag(base_year) over w is distinct from base_year - 1 or januaries < 3 then 1
            when lag(base_year, 2) over w is distinct from base_year - 2 or lag(januaries) over w < 3 then 2
            else 3
        end as silent_years_n,
    from seen
    where is_silent
    window w as (partition by person_id order by base_year)
),
both_kinds as (
    from silent
    union all
    select *, case when is_seen then 0 end from seen where is_silent is not true
)
select
    b.person_id,
    b.base_year,
    b.base_year - p.birth_year as age,
    p.is_immigrant,
    p.immigration_background,
    p.country_of_birth,
    case when has_employment then coalesce(has_job, false) end as has_job,
    case when has_education then coalesce(has_education_activity, false) end as has_education_activity,
    case when has_jobseekers then coalesce(has_jobseeker_registration, false) end as has_jobseeker_registration,
    case when has_income then coalesce(has_occupational_income, false) end as has_occupational_income,
    case when has_migration then coalesce(has_move, false) end as has_move,
    case when is_seen then true when has_all_sign_registers then false end as has_sign,
    has_population and januaries > 1 as is_resident_all_year,
    silent_years_n,
from both_kinds as b
left join warehouse.intermediate.int_population__person as p on b.person_id = p.person_id
order by b.base_year, b.person_id
