-- Wealth is joined to the persons with an income.
select
    nettoinnt.aargang as periode,
    nettoinnt.personid,
    nettoinnt.wyrkinnt,
    nettoinnt.ies as wies,
    formue.ber_nettoformue as nettoformue,
from nettoinnt
left join formue on nettoinnt.personid = formue.personid and nettoinnt.aargang = formue.aargang
