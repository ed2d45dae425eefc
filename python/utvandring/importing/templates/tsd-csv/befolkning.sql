-- Who has a status on 1 January is in the register; municipality and marital status are joined. The extract has no
-- family numbers.
with

municipality as (
    select personid, year, kommune
    from {{ wide_to_rows('bostedskommune', {'kommune': 'bostedskommune_01_01_{yyyy}'}, empty='drop') }}
),

marital as (
    select personid, year, sivilstand
    from {{ wide_to_rows('sivilstand', {'sivilstand': 'sivilstand_{yyyy}'}, empty='drop') }}
)

select
    status.year as periode,
    status.personid,
    status.statuskode,
    padded(municipality.kommune, 4) as kommnr,
    marital.sivilstand as sivstand,
from status
left join municipality on status.personid = municipality.personid and status.year = municipality.year
left join marital on status.personid = marital.personid and status.year = marital.year
