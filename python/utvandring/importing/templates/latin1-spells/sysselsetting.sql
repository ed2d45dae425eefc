-- Jobs of the November week, a file a year. Firms have pseudonyms, which are no organisation numbers, and stay away.
select
    file_year as periode,
    personid,
    yrkstat,
    industry_code(virk_nace1_sn07) as naring,
    arb_arbtim as timer,
    truth(hovedarbeid, 'J', 'N') as hovedarbeid,
from sysselsatt
