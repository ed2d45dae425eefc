-- Income, a file a year, in which wies is called ies at times; wealth is joined to the persons with an income.
with

wealth as (
    select personid, aargang, ber_nettoformue
    from {{ one_row_per('formuesvariabler', ['personid', 'aargang'], conflicting='sum', sums=['ber_nettoformue']) }}
)

select
    inntekt.file_year as periode,
    inntekt.personid,
    inntekt.wyrkinnt,
    coalesce(inntekt.wies, inntekt.ies) as wies,
    wealth.ber_nettoformue as nettoformue,
from inntekt
left join wealth on inntekt.personid = wealth.personid and inntekt.file_year = wealth.aargang
