-- Moves in and out of Norway. A row of the older file may hold an emigration, an immigration, or both; in the newer one
-- the filled country says which it is. Events that are in both files count once.
with

events as (
    select
        personid,
        'utvandring' as hendelse,
        day_of(utdato, 'yyyymmdd') as flyttedato,
        null as fra_land,
        country_code({{ looked_up('landkode', 'tfland') }}) as til_land,
    from utvinv_dates
    where utdato is not null

    union all

    select
        personid,
        'innvandring',
        day_of(invdato, 'yyyymmdd'),
        country_code({{ looked_up('landkode', 'tfland') }}),
        null,
    from utvinv_dates
    where invdato is not null

    union all

    select
        personid,
        event_from_countries(fraland, tilland),
        day_of(hdato, 'yyyymmdd'),
        country_code({{ looked_up('landkode', 'fraland') }}),
        country_code({{ looked_up('landkode', 'tilland') }}),
    from utvinv_countries
)

select distinct year_of(flyttedato) as periode, *
from events
