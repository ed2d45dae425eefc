-- The columns of person_year that Polars computes (polars_person_year.py), in one statement; rules as in
-- person_year_floor.sql, which makes further columns. Run by benchmarks/peers.py, which defines a view for each
-- register and names the folder of the code lists in the variable `lists`.
with
person as (
    select
        p.personid as person_id,
        p.foedselsaar_mnd // 100 as birth_year,
        p.invkat = 'B' as is_immigrant,
        case
            when p.invkat <> 'B' then null
            when c.is_nordic = 'true' then 'nordic'
            when p.forstdato // 10000 < 1990 then 'unknown'
            else coalesce(r.immigration_background, 'unknown')
        end as immigration_background,
        p.forstdato as first_immigration,
        p.doedsdato as death_date,
    from person_register as p
    left join country as c on p.fodeland = c.country_code
    left join reason_for_immigration as r on p.inngrunn1 = r.reason_code
),

event as (
    select distinct personid as person_id, hendelse, flyttedato as event_date, regdato as registered_date,
        til_kommnr, til_land, utvandringstype
    from flytting
),

sign as (
    select personid as person_id, periode as sign_year from sysselsetting where yrkstat in (1, 2)
    union
    select personid, periode from utdanningsaktivitet
    union
    select personid, periode from arbeidssoker
    union
    select personid, periode from inntekt where wyrkinnt > 0
    union
    select person_id, year(event_date)::integer from event where hendelse <> 'utvandring'
),

emigration as (
    select
        e.*,
        p.death_date,
        min(if(hendelse = 'innvandring', event_date, null)) over (
            partition by e.person_id
            order by event_date, registered_date nulls last, hendelse = 'innvandring'
            rows between 1 following and unbounded following
        ) as return_date,
    from event as e
    left join person as p on e.person_id = p.person_id
    where hendelse <> 'innenlands'
    qualify hendelse = 'utvandring' and coalesce(event_date < p.death_date, true)
),

spread as (
    select *, year(event_date) as y from emigration
    union all
    select *, year(event_date) - 1 from emigration where month(event_date) = 1 and day(event_date) = 1
    union all
    select *, year(registered_date)
    from emigration
    where
        year(registered_date) > year(event_date)
        and coalesce(return_date > date_trunc('year', registered_date), true)
),

departure as (
    select
        person_id,
        y::integer as outcome_year,
        first(struct_pack(event_date, til_land) order by event_date desc, registered_date asc nulls last) as last_departure,
        coalesce(bool_or(death_date <= make_date(y + 1, 1, 1) and coalesce(return_date > death_date, true)), false)
            as is_abroad_at_death,
        bool_or(year(event_date) = y and coalesce(return_date <= make_date(y + 1, 1, 1), false)) as has_returned,
        bool_or(coalesce(return_date > make_date(y + 1, 1, 1), true)) as is_gone,
    from spread
    group by all
),

resident as (
    select personid as person_id, periode as reference_year, kommnr as municipality_code, famnr as family_id
    from befolkning
    where statuskode = 1
),

family as (
    select family_id, reference_year, count(*)::integer as family_size,
        count_if(is_immigrant)::integer as family_immigrants
    from resident
    left join person using (person_id)
    where family_id is not null
    group by all
),

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
    select m.municipality_code, m.kind, m.municipality_code_2013, d.county_code, d.centrality_level::integer as centrality_level,
    from municipality_code as m
    left join municipality_2013 as d on m.municipality_code_2013 = d.municipality_code
),

outcome as (
    select
        r.*,
        r.reference_year - 1 as base_year,
        case
            when
                not coalesce(d.is_abroad_at_death, false)
                and (
                    coalesce(year(p.death_date) = r.reference_year, false)
                    or n.statuskode = 5 and coalesce(p.death_date = make_date(r.reference_year + 1, 1, 1), true)
                )
                then 'death'
            when r.reference_year = last_january then if(coalesce(d.is_gone, false), 'emigration', 'resident')
            when n.statuskode = 1 then 'resident'
            when d.person_id is not null then 'emigration'
            else 'unaccounted'
        end as status,
        coalesce(d.has_returned, false) as has_returned,
        d.last_departure,
        coalesce(if(r.reference_year = last_january, l.municipality_code, n.kommnr), r.municipality_code) as next_code,
        p.* exclude (person_id),
    from resident as r
    cross join bounds
    left join befolkning as n on r.person_id = n.personid and r.reference_year + 1 = n.periode
    left join person as p on r.person_id = p.person_id
    left join departure as d on r.person_id = d.person_id and r.reference_year = d.outcome_year
    left join last_address as l on r.person_id = l.person_id
)

select
    o.person_id,
    o.base_year,
    o.base_year - o.birth_year as age,
    o.immigration_background,
    case
        when o.first_immigration // 10000 <= o.base_year then o.base_year - o.first_immigration // 10000
        when o.first_immigration = o.reference_year * 10000 + 101 then 0
    end as residence_years,
    a.municipality_code_2013,
    a.centrality_level,
    if(o.family_id is null, 1, f.family_size) as family_size,
    if(o.family_id is null, coalesce(o.is_immigrant, false)::integer, f.family_immigrants) as family_immigrants,
    case
        when o.status <> 'resident' then o.status
        when
            a.kind = 'unknown' or b.kind = 'unknown'
            or coalesce(a.centrality_level::varchar, a.kind) = coalesce(b.centrality_level::varchar, b.kind)
            then 'stay'
        else 'internal_outmigration'
    end as outcome_centrality,
    case
        when o.status <> 'resident' then o.status
        when
            a.kind = 'unknown' or b.kind = 'unknown'
            or coalesce(a.county_code, left(o.municipality_code, 2)) = coalesce(b.county_code, left(o.next_code, 2))
            then 'stay'
        else 'internal_outmigration'
    end as outcome_county,
    if(o.status = 'emigration', o.last_departure.event_date, null) as emigration_date,
    if(o.status = 'emigration', o.last_departure.til_land, null) as emigration_country,
    o.status = 'resident' and o.has_returned as returned_within_year,
    s.sign_year as last_sign_of_life_year,
from outcome as o
asof left join sign as s on o.person_id = s.person_id and o.base_year >= s.sign_year
left join place as a on o.municipality_code = a.municipality_code
left join place as b on o.next_code = b.municipality_code
left join family as f on o.family_id = f.family_id and o.reference_year = f.reference_year
order by o.base_year, o.person_id
