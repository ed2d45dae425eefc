select
    r.family_id,
    r.reference_year,
    count(*)::integer as family_size,
    count(p.person_id)::integer as family_immigrants,
    (count(*) - count(p.person_id))::integer as family_non_immigrants,
    case when c.has_family_role then (count(*) filter (where r.is_family_child))::integer end as family_children,
    case
        when count(p.person_id) = 0 then 'no_immigrants'
        when count(p.person_id) = count(*) then 'immigrants_only'
        when 2 * count(p.person_id) > count(*) then 'mixed_immigrant_majority'
        when 2 * count(p.person_id) = count(*) then 'mixed_equal'
        else 'mixed_immigrant_minority'
    end as family_type,
from warehouse.intermediate.int_population__resident as r
join warehouse.intermediate.int_deliveries__calendar as c on r.reference_year = c.calendar_year
left join (select person_id from warehouse.intermediate.int_population__person where is_immigrant) as p
    on r.person_id = p.person_id
where r.family_id is not null
group by r.family_id, r.reference_year, c.has_family_role
order by r.reference_year, r.family_id
