-- One row for each person. Of a person in both waves the row of the later one counts, empty values included.
select
    personid,
    kjoenn,
    foedsels_aar_mnd as foedselsaar_mnd,
    country_code(fodeland) as fodeland,
    country_code(landbak3gen) as landbak3gen,
    invkat,
    day_unknown(forst_aar_mnd) as forstdato,
    day_of_month(doeds_aar_mnd, '{{ choice('day_of_death') }}') as doedsdato,
    case when doeds_aar_mnd is not null then 'maaned' end as doedsdato_presisjon,
    mor_id,
    far_id,
from {{ by_precedence(['person_wave_2', 'person_wave_1'], 'personid') }}
-- The contract wants a month of birth: who has none stays in the other registers.
where foedsels_aar_mnd is not null
