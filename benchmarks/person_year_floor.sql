-- The floor: marts.person_year alone, from the same accepted files, by hand, in one go, without tests, documentation
-- or anything that outlives it. What dbt build takes beyond this is the price of everything else.
--
-- Run by benchmarks/run.py, which defines a macro table `register_<name>` over the current files of each register, the
-- table `delivered (register, period)` and attaches the warehouse as `warehouse` for its code lists. Limited to what
-- the simulated delivery holds: years up to 2017, every register complete.
create temp table resident as
select
    b.personid as person_id,
    b.periode as reference_year,
    b.kommnr as municipality_code,
    b.famnr as family_id,
from register_befolkning() as b
where b.statuskode = 1;

create temp table person as
select
    p.personid as person_id,
    if(p.kjoenn = 1, 'male', 'female') as sex,
    p.foedselsaar_mnd // 100 as birth_year,
    p.invkat as immigration_category,
    p.invkat = 'B' as is_immigrant,
    p.invkat = 'C' as is_descendant,
    case
        when p.invkat <> 'B' then null
        when c.is_nordic then 'nordic'
        when p.forstdato // 10000 < 1990 then 'unknown'
        else coalesce(r.immigration_background, 'unknown')
    end as immigration_background,
    p.fodeland as country_of_birth,
    p.landbak3gen as country_background,
    p.forstdato // 10000 as first_immigration_year,
    p.forstdato as first_immigration,
    p.doedsdato as death_date,
from register_person() as p
left join warehouse.code_lists.country as c on p.fodeland = c.country_code
left join warehouse.code_lists.reason_for_immigration as r on p.inngrunn1 = r.reason_code;

create temp table family as
select
    r.family_id,
    r.reference_year,
    count(*)::integer as family_size,
    count_if(p.is_immigrant)::integer as family_immigrants,
from resident as r
left join person as p using (person_id)
where r.family_id is not null
group by all;

create temp table job as
select
    personid as person_id,
    periode as base_year,
    arg_max(yrkstat in (1, 2), struct_pack(a := coalesce(hovedarbeid, false), b := coalesce(timer, -1), c := yrkstat in (1, 2)))
        as is_employed,
    bool_or(yrkstat in (1, 2)) as has_job,
from register_sysselsetting()
group by all;

create temp table student as
select
    personid as person_id,
    periode as base_year,
    bool_or(aktivitet <> 'eksamen' or year(dato) = periode) as is_in_education,
from register_utdanningsaktivitet()
group by all;

create temp table jobseeker as
select
    personid as person_id,
    periode as base_year,
    (count(distinct maaned) filter (where hovedstatus = 1))::integer as unemployed_months,
from register_arbeidssoker()
group by all;

create temp table event as
select distinct
    personid as person_id,
    hendelse,
    flyttedato as event_date,
    regdato as registered_date,
    til_kommnr,
    til_land,
    utvandringstype,
from register_flytting();

create temp table sign as
select person_id, base_year as sign_year from job where has_job
union
select person_id, base_year from student
union
select person_id, base_year from jobseeker
union
select personid, periode from register_inntekt() where wyrkinnt > 0
union
select person_id, year(event_date)::integer from event where hendelse <> 'utvandring';

create temp table departure as
with
emigration as (
    select
        e.*,
        min(if(hendelse = 'innvandring', event_date, null)) over (
            partition by person_id
            order by event_date, registered_date nulls last, hendelse = 'innvandring'
            rows between 1 following and unbounded following
        ) as return_date,
    from event as e
    where hendelse <> 'innenlands'
    qualify hendelse = 'utvandring'
),

alive as (
    select e.*, p.death_date
    from emigration as e
    left join person as p using (person_id)
    where coalesce(e.event_date < p.death_date, true)
),

spread as (
    select *, year(event_date) as y from alive
    union all
    select *, year(event_date) - 1 from alive where month(event_date) = 1 and day(event_date) = 1
    union all
    select *, year(registered_date)
    from alive
    where
        year(registered_date) > year(event_date)
        and coalesce(return_date > date_trunc('year', registered_date), true)
)

select
    person_id,
    y::integer as outcome_year,
    first(
        struct_pack(event_date, registered_date, til_land, utvandringstype)
        order by event_date desc, registered_date asc nulls last
    ) as last_departure,
    coalesce(bool_or(death_date <= make_date(y + 1, 1, 1) and coalesce(return_date > death_date, true)), false)
        as is_abroad_at_death,
    bool_or(year(event_date) = y and coalesce(return_date <= make_date(y + 1, 1, 1), false)) as has_returned,
    bool_or(coalesce(return_date > make_date(y + 1, 1, 1), true)) as is_gone,
from spread
group by all;

create or replace table person_year as
with
bounds as (
    select max(reference_year) as last_january from resident
),

last_address as (
    select person_id, last(til_kommnr order by event_date, registered_date nulls last, hendelse) as municipality_code
    from event, bounds
    where hendelse <> 'utvandring' and til_kommnr is not null and year(event_date) = last_january
    group by all
),

place as (
    select
        m.municipality_code,
        m.kind,
        m.municipality_code_2013,
        d.county_code,
        d.centrality_level,
    from warehouse.code_lists.municipality_code as m
    left join warehouse.code_lists.municipality_2013 as d on m.municipality_code_2013 = d.municipality_code
),

outcome as (
    select
        r.*,
        r.reference_year - 1 as base_year,
        r.reference_year = bounds.last_january as is_provisional,
        case
            when
                not coalesce(d.is_abroad_at_death, false)
                and (
                    coalesce(year(p.death_date) = r.reference_year, false)
                    or n.statuskode = 5 and coalesce(p.death_date = make_date(r.reference_year + 1, 1, 1), true)
                )
                then 'death'
            when r.reference_year = bounds.last_january then if(coalesce(d.is_gone, false), 'emigration', 'resident')
            when n.statuskode = 1 then 'resident'
            when d.person_id is not null then 'emigration'
            else 'unaccounted'
        end as status,
        coalesce(d.has_returned, false) as has_returned,
        d.last_departure,
        coalesce(if(r.reference_year = bounds.last_january, l.municipality_code, n.kommnr), r.municipality_code)
            as next_municipality_code,
        p.* exclude (person_id),
    from resident as r
    cross join bounds
    left join register_befolkning() as n on r.person_id = n.personid and r.reference_year + 1 = n.periode
    left join person as p on r.person_id = p.person_id
    left join departure as d on r.person_id = d.person_id and r.reference_year = d.outcome_year
    left join last_address as l on r.person_id = l.person_id
),

last_sign as (
    select
        o.*,
        s.sign_year as last_sign_of_life_year,
        lag(o.reference_year, 2) over (partition by o.person_id order by o.reference_year) = o.reference_year - 2
            as is_resident_for_long,
    from outcome as o
    asof left join sign as s on o.person_id = s.person_id and o.base_year >= s.sign_year
),

family_sign as (
    select distinct family_id, base_year
    from last_sign
    where family_id is not null and last_sign_of_life_year >= base_year - 1
)

select
    o.person_id,
    o.base_year,
    o.reference_year as outcome_year,
    o.sex,
    o.birth_year,
    o.base_year - o.birth_year as age,
    o.immigration_category,
    o.is_immigrant,
    o.is_descendant,
    o.immigration_background,
    o.country_of_birth,
    o.country_background,
    o.first_immigration_year,
    case
        when o.first_immigration_year <= o.base_year then o.base_year - o.first_immigration_year
        when o.first_immigration = o.reference_year * 10000 + 101 then 0
    end as residence_years,
    o.municipality_code,
    a.municipality_code_2013,
    a.county_code,
    a.centrality_level,
    left(u.nus2000, 1) as education_digit,
    coalesce(j.is_employed, false) as is_employed,
    coalesce(st.is_in_education, false) as is_in_education,
    coalesce(js.unemployed_months, 0) as unemployed_months,
    o.family_id,
    if(o.family_id is null, 1, f.family_size) as family_size,
    if(o.family_id is null, coalesce(o.is_immigrant, false)::integer, f.family_immigrants) as family_immigrants,
    if(
        o.status <> 'resident',
        o.status,
        if(
            a.kind = 'unknown' or b.kind = 'unknown'
            or coalesce(a.centrality_level::varchar, a.kind) = coalesce(b.centrality_level::varchar, b.kind),
            'stay',
            'internal_outmigration'
        )
    ) as outcome_centrality,
    if(
        o.status <> 'resident',
        o.status,
        if(
            a.kind = 'unknown' or b.kind = 'unknown'
            or coalesce(a.county_code, left(o.municipality_code, 2))
            = coalesce(b.county_code, left(o.next_municipality_code, 2)),
            'stay',
            'internal_outmigration'
        )
    ) as outcome_county,
    o.is_provisional as outcome_is_provisional,
    if(o.status = 'emigration', o.last_departure.event_date, null) as emigration_date,
    if(o.status = 'emigration', o.last_departure.registered_date, null) as emigration_registered_date,
    if(o.status = 'emigration', o.last_departure.til_land, null) as emigration_country,
    o.status = 'resident' and o.has_returned as returned_within_year,
    o.last_sign_of_life_year,
    o.is_resident_for_long
    and coalesce(o.last_sign_of_life_year < o.base_year - 1, true)
    and fs.family_id is null as is_silent,
from last_sign as o
left join place as a on o.municipality_code = a.municipality_code
left join place as b on o.next_municipality_code = b.municipality_code
left join register_utdanning() as u on o.person_id = u.personid and o.base_year = u.periode
left join job as j on o.person_id = j.person_id and o.base_year = j.base_year
left join student as st on o.person_id = st.person_id and o.base_year = st.base_year
left join jobseeker as js on o.person_id = js.person_id and o.base_year = js.base_year
left join family as f on o.family_id = f.family_id and o.reference_year = f.reference_year
left join family_sign as fs on o.family_id = fs.family_id and o.base_year = fs.base_year
order by o.base_year, o.person_id;
