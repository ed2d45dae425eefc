-- Grain: year: emigrations of immigrants by basis, where the basis was delivered.
select
    year(flytting.flyttedato) as year,
    100.0 * count(*) filter (where flytting.utvandringstype = 'administrativ') / count(*) as achieved,
from flytting
inner join person on flytting.personid = person.personid
where
    flytting.hendelse = 'utvandring'
    and flytting.utvandringstype is not null
    and person.invkat = 'B'
    and year(flytting.flyttedato) in (2007, 2010, 2013, 2020)
group by all
order by all
