-- One statement over stored tables: outcome (next January, death, departure, move) and characteristics side by side.
select * exclude (alone, became) rename (residence as residence_years) from (
select
    n.person_id,
    n.base_year,
    n.outcome_year,
    p.sex,
    p.birth_year,
    n.base_year - p.birth_year as age,
    case
        when n.base_year - p.birth_year between 15 and 24 then '15-24'
        when n.base_year - p.birth_year between 25 and 35 then '25-35'
        when n.base_year - p.birth_year between 36 and 61 then '36-61'
        when n.base_year - p.birth_year between 62 and 74 then '62-74'
    end as age_group,
    p.immigration_category,
    p.is_immigrant,
    p.is_descendant,
    p.immigration_background,
    p.country_of_birth,
    p.country_background,
    n.citizenship,
    p.first_immigration_year,
    case
        when p.first_immigration_year <= n.base_year then n.base_year - p.first_immigration_year
        when p.first_immigration_date = make_date(n.outcome_year, 1, 1) then 0
    end as residence,
    case
        when residence between 0 and 2 then '0-2'
        when residence between 3 and 5 then '3-5'
        when residence between 6 and 10 then '6-10'
        when residence between 11 and 15 then '11-15'
        when residence >= 16 then '16+'
    end as residence_group,
    n.municipality_code,
    r.municipality_code_2013,
    r.county_code,
    r.county_code_2020,
    r.county_code_2024,
    case when n.outcome_year <= 2017 then r.centrality_level end as centrality_level,
    cc.centrality_class,
    cc.centrality_class_version,
    r.centrality_class_2024_back,
    case when c.has_education then coalesce(e.education_group, 'unknown') end as education_group,
    case when c.has_education then coalesce(e.education_group_logit, 'none_or_unknown') end as education_group_logit,
    l.is_employed,
    l.is_in_education,
    l.unemployed_months,
    l.labour_status,
    n.family_id,
    n.family_id is null and ny.reference_year is not null as alone,
    case when alone then 1 else f.family_size end as family_size,
    case when alone then coalesce(p.is_immigrant, false)::integer else f.family_immigrants end as family_immigrants,
    case
        when not alone then f.family_type when p.is_immigrant then 'immigrants_only' else 'no_immigrants'
    end as family_type,
    case
        when not (n.has_next_january or n.has_events) then null
        when d.person_id is not null and not coalesce(g.is_abroad_at_death, false) then 'death'
        when n.has_next_january and n.is_resident_next_january then 'resident'
        when n.has_next_january and g.last_departure_event_id is not null then 'emigration'
        when n.has_next_january then 'unaccounted'
        when coalesce(g.is_gone_at_end, false) then 'emigration'
        else 'resident'
    end as became,
    case
        when became is distinct from 'resident' then became
        when m.from_code is null or not m.is_centrality_move then 'stay'
        when m.is_centrality_move then 'internal_outmigration'
    end as outcome_centrality,
    case
        when became is distinct from 'resident' then became
        when m.from_code is null or not m.is_centrality_class_move then 'stay'
        when m.is_centrality_class_move then 'internal_outmigration'
    end as outcome_centrality_class,
    case
        when became is distinct from 'resident' then became
        when m.from_code is null or not m.is_county_move then 'stay'
        when m.is_county_move then 'internal_outmigration'
    end as outcome_county,
    case
        when became is distinct from 'resident' then became
        when m.from_code is null or not m.is_municipality_move then 'stay'
        when m.is_municipality_move then 'internal_outmigration'
    end as outcome_municipality,
    case when n.has_next_january or n.has_events then not n.has_next_january end as outcome_is_provisional,
    case when became = 'emigration' then g.emigration_date end as emigration_date,
    case when became = 'emigration' then g.emigration_registered_date end as emigration_registered_date,
    case when became = 'emigration' then g.emigration_country end as emigration_country,
    case when became = 'emigration' then g.emigration_basis end as emigration_basis,
    case when became = 'emigration' then g.emigration_basis_source end as emigration_basis_source,
    case
        when n.has_next_january or n.has_events
            then became = 'resident' and coalesce(g.has_returned_within_year, false)
    end as returned_within_year,
    s.last_sign_of_life_year,
    s.is_probable_overcoverage,
    s.overcoverage_probability,
from warehouse.intermediate.int_outcome__next_january as n
join warehouse.intermediate.int_deliveries__calendar as c on n.base_year = c.calendar_year
left join warehouse.intermediate.int_outcome__death as d
    on n.person_id = d.person_id and n.outcome_year = d.outcome_year
left join warehouse.intermediate.int_outcome__departure_summary as g
    on n.person_id = g.person_id and n.outcome_year = g.outcome_year
left join warehouse.intermediate.int_municipality__move as m
    on n.outcome_year = m.outcome_year and n.municipality_code = m.from_code and n.next_municipality_code = m.to_code
left join warehouse.intermediate.int_population__person as p on n.person_id = p.person_id
left join warehouse.intermediate.int_population__numbered_year as ny on n.outcome_year = ny.reference_year
left join warehouse.intermediate.int_municipality__region as r on n.municipality_code = r.municipality_code
left join warehouse.code_lists.centrality_class as cc
    on
        n.municipality_code = cc.municipality_code and n.outcome_year >= year(cc.valid_from)
        and coalesce(n.outcome_year < year(cc.valid_to), true)
left join warehouse.intermediate.int_education__highest_education as e
    on n.person_id = e.person_id and n.base_year = e.education_year
left join warehouse.intermediate.int_labour__status as l on n.person_id = l.person_id and n.base_year = l.base_year
left join warehouse.marts.family_year as f on n.family_id = f.family_id and n.outcome_year = f.reference_year
left join warehouse.intermediate.int_sign_of_life__resident as s
    on n.person_id = s.person_id and n.base_year = s.base_year
)
order by base_year, person_id
