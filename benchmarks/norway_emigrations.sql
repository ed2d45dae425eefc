-- Grain: year, citizenship, of_oslo: emigrations of a delivery, counted as Statistics Norway counts them: events by
-- the year of their date, citizenship on 1 January of the year (of who was not known then, on the next one).
with

emigration as (
    select
        personid,
        year(flyttedato) as year,
        fra_kommnr,
    from flytting
    where hendelse = 'utvandring'
),

citizen as (
    select
        personid,
        periode as year,
        statsborgerskap as citizenship,
    from befolkning
),

final as (
    select
        emigration.year,
        coalesce(citizen.citizenship, later.citizenship) as citizenship,
        emigration.fra_kommnr[:4] = '0301' as of_oslo,
        count(*) as n,
    from emigration
    left join citizen on emigration.personid = citizen.personid and emigration.year = citizen.year
    left join citizen as later on emigration.personid = later.personid and emigration.year + 1 = later.year
    group by all
)

select * from final
order by year, citizenship, of_oslo
