-- One row for each person; deaths are in a file of their own, known to the month.
with

deaths as (
    select personid, doeds_aar_mnd
    from {{ one_row_per('updated_death', 'personid', conflicting='refuse') }}
)

select
    fixed.personid,
    fixed.kjoenn,
    fixed.foedsels_aar_mnd as foedselsaar_mnd,
    country_code(fixed.fodeland) as fodeland,
    country_code(fixed.landbak3gen) as landbak3gen,
    fixed.invkat,
    fixed.inngrunn1,
    fixed.forstdato,
    day_of_month(deaths.doeds_aar_mnd, '{{ choice('day_of_death') }}') as doedsdato,
    case when deaths.doeds_aar_mnd is not null then 'maaned' end as doedsdato_presisjon,
    fixed.mor_lnr_k2_ as mor_id,
    fixed.far_lnr_k2_ as far_id,
from {{ one_row_per('faste_oppl', 'personid', conflicting='refuse') }} as fixed
left join deaths on fixed.personid = deaths.personid
where fixed.foedsels_aar_mnd is not null
