-- One row for each person; the reason of immigration from its latest wave.
with

reason as (
    select personid, inngrunn1
    from {{ one_row_per('innvgrunn', 'personid', conflicting='first', order='aar desc') }}
)

select
    fixed.personid,
    fixed.kjoenn,
    fixed.foedsels_aar_mnd as foedselsaar_mnd,
    country_code({{ looked_up('landkode', 'fixed.fodeland') }}) as fodeland,
    country_code({{ looked_up('landkode', 'fixed.landbak3gen') }}) as landbak3gen,
    fixed.invkat,
    reason.inngrunn1,
    day_unknown(fixed.forst_aar_mnd) as forstdato,
    day_of_month(fixed.doeds_aar_mnd, '{{ choice('day_of_death') }}') as doedsdato,
    case when fixed.doeds_aar_mnd is not null then 'maaned' end as doedsdato_presisjon,
    fixed.lopenr_mor as mor_id,
    fixed.lopenr_far as far_id,
from {{ one_row_per('faste_oppl', 'personid', conflicting='refuse') }} as fixed
left join reason on fixed.personid = reason.personid
where fixed.foedsels_aar_mnd is not null
