-- The status spell that covers 1 January decides who is in the register; the municipality is that of the spell of the day.
with

status as (
    select distinct personid, year, regstat
    from {{ spells_on_day('regstatus', start="day_of(fradato, 'yyyymmdd')", end="day_of(tildato, 'yyyymmdd')") }}
),

municipality as (
    select distinct personid, year, bostedskommune
    from {{ spells_on_day('bostedskommune', start="day_of(fradato, 'dd.mm.yyyy')", end="day_of(tildato, 'dd.mm.yyyy')") }}
),

family as (
    select *
    from {{ wide_to_rows('famogsamliv', {
        'famnr': 'lopenr_familienr_{yyyy}',
        'personkode': 'regstat_personkode_{yyyy}',
        'sivstand': 'sivilstand_{yyyy}',
    }, empty='drop') }}
)

select
    status.year as periode,
    status.personid,
    status.regstat as statuskode,
    padded(municipality.bostedskommune, 4) as kommnr,
    family.famnr,
    family.personkode,
    family.sivstand,
from status
left join municipality on status.personid = municipality.personid and status.year = municipality.year
left join family on status.personid = family.personid and status.year = family.year
