-- Who has a status on 1 January is in the register. The municipality is the registered one: the wide file, and
-- kommnr_formell for the years that it does not have.
with

municipality as (
    select personid, year, kommune
    from {{ wide_to_rows('kommnr', {'kommune': 'bostedskommune_01_01_{yyyy}'}, empty='drop') }}
),

marital as (
    select personid, year, sivilstand
    from {{ wide_to_rows('familienr_sivilstand', {'sivilstand': 'sivilstand_{yyyy}'}, empty='drop') }}
)

select
    try_cast(regstat.aar as integer) as periode,
    regstat.personid,
    regstat.regstatus as statuskode,
    padded(coalesce(municipality.kommune, family.kommnr_formell), 4) as kommnr,
    family.lopenr_familie as famnr,
    family.regstat_personkode as personkode,
    marital.sivilstand as sivstand,
from regstat
left join municipality on regstat.personid = municipality.personid and regstat.aar = municipality.year
left join family on regstat.personid = family.personid and regstat.aar = family.file_year
left join marital on regstat.personid = marital.personid and regstat.aar = marital.year
