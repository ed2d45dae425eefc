-- Grain: statistic, year, population: the published numbers of norway_targets.csv, counted in a delivery. Persons are
-- numbers of the delivery, to be divided by its scale; shares and rates are in the unit of the target.
with

country as (
    from (
        values
        ('Norwegian citizens', '000'), ('Poland', '131'), ('Sweden', '106'), ('Lithuania', '136'), ('Germany', '144'),
        ('Philippines', '428'), ('Iceland', '105'), ('Latvia', '124'), ('Somalia', '346'), ('Eritrea', '241'),
        ('Afghanistan', '404'), ('India', '444'), ('Denmark', '101')
    ) as country (name, code)
),

-- By the county of the year.
region as (
    from (
        values
        (2008, 'from Oslo and Akershus', ['02', '03']),
        (2008, 'from Hedmark and Oppland', ['04', '05']),
        (2008, 'from South Eastern Norway', ['01', '06', '07', '08']),
        (2008, 'from Agder and Rogaland', ['09', '10', '11']),
        (2008, 'from Western Norway', ['12', '14', '15']),
        (2008, 'from Trondelag', ['16', '17']),
        (2008, 'from Northern Norway', ['18', '19', '20']),
        (2020, 'from Oslo', ['03']),
        (2020, 'from Viken', ['30']),
        (2020, 'from Innlandet', ['34']),
        (2020, 'from Vestfold og Telemark', ['38'])
    ) as region (year, name, counties)
),

citizen as (
    select
        personid,
        periode,
        statsborgerskap,
    from befolkning
),

emigration as (
    select
        year(flytting.flyttedato) as year,
        flytting.fra_kommnr[:2] as county,
        flytting.til_land,
        year(flytting.flyttedato) - person.foedselsaar_mnd // 100 as age,
        person.invkat = 'B' as is_immigrant,
        coalesce(citizen.statsborgerskap, later.statsborgerskap) as citizenship,
    from flytting
    inner join person on flytting.personid = person.personid
    left join citizen on flytting.personid = citizen.personid and year(flytting.flyttedato) = citizen.periode
    left join citizen as later
        on flytting.personid = later.personid and year(flytting.flyttedato) + 1 = later.periode
    where flytting.hendelse = 'utvandring'
),

emigrations as (
    select
        emigration.year,
        unnest(list_value(
            'all',
            if(emigration.citizenship <> '000', 'foreign citizens', null),
            country.name,
            if(emigration.age between 16 and 44, 'ages 16-44', null),
            'to ' || destination.name,
            region.name
        )) as population,
    from emigration
    left join country on emigration.citizenship = country.code
    left join country as destination on emigration.til_land = destination.code
    left join region on emigration.year = region.year and list_contains(region.counties, emigration.county)
),

resident as (
    select
        befolkning.periode as year,
        count(*) as n,
        count(*) filter (where person.invkat = 'B') as immigrants_n,
    from befolkning
    inner join person on befolkning.personid = person.personid
    where befolkning.statuskode = 1
    group by befolkning.periode
),

by_year as (
    select
        emigration.year,
        count(*) as n,
        count(*) filter (where emigration.is_immigrant) as immigrants_n,
    from emigration
    group by emigration.year
),

-- First immigrations of other than Nordic citizens, of those whom the population register ever had.
first_immigration as (
    select
        inngrunn1,
        count(*) as n,
        sum(count(*)) over () as all_n,
    from person
    where
        invkat = 'B'
        and forstdato // 10000 between 1990 and 2011
        and fodeland not in ('101', '102', '103', '104', '105', '106')
    group by inngrunn1
),

gone as (
    select
        count(*) as n,
        count(*) filter (where person.kjoenn = 1) as men_n,
    from truth
    inner join person on truth.person_id = person.personid
    where
        truth.base_year = 2022
        and not truth.is_found_next_year
        and person.invkat = 'B'
),

final as (
    select
        'emigrations' as statistic,
        year::varchar as year,
        population,
        count(*)::double as value,
    from emigrations
    where population is not null
    group by all
    union all
    select
        'domestic out-moves over the county border',
        year(flyttedato)::varchar,
        'from Oslo',
        count(*),
    from flytting
    where hendelse = 'innenlands' and fra_kommnr[:2] = '03' and til_kommnr[:2] <> '03'
    group by all
    union all
    select
        'emigration rate',
        by_year.year::varchar,
        unnest(['whole population', 'immigrants']),
        unnest([1000 * by_year.n / resident.n, 1000 * by_year.immigrants_n / resident.immigrants_n]),
    from by_year
    inner join resident on by_year.year = resident.year
    union all
    select
        'share of emigrants who are immigrants',
        year::varchar,
        '',
        100 * immigrants_n / n,
    from by_year
    union all
    select
        'first immigrations of non-Nordic citizens',
        '1990-2011',
        'all',
        any_value(all_n),
    from first_immigration
    union all
    select
        'of which ' || reason.name,
        '1990-2011',
        '',
        100 * first_immigration.n / first_immigration.all_n,
    from first_immigration
    inner join (
        values ('FAM', 'family'), ('ARB', 'work'), ('FLU', 'refuge'), ('UTD', 'education')
    ) as reason (code, name) on first_immigration.inngrunn1 = reason.code
    union all
    select
        'over-coverage by unregistered emigration',
        '',
        'immigrants',
        100 * gone.n / resident.immigrants_n,
    from gone
    inner join resident on resident.year = 2023
    union all
    select
        'men among them',
        '',
        'presumed unregistered emigrants',
        100 * men_n / n,
    from gone
)

select * from final
order by all
