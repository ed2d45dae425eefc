-- One row a move; lookups/rec_type.csv says what kind of move it is.
select distinct
    year_of(hdato) as periode,
    personid,
    {{ looked_up('rec_type', 'rec_type') }} as hendelse,
    hdato as flyttedato,
    regdato,
    padded(fra_komm, 4) as fra_kommnr,
    padded(til_komm, 4) as til_kommnr,
    country_code(fralnd75) as fra_land,
    country_code(tillnd75) as til_land,
from flytting
