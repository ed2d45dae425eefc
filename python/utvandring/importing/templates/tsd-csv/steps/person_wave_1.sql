-- The first wave calls the parents mor_lnr and far_lnr.
select
    personid, kjoenn, foedsels_aar_mnd, doeds_aar_mnd, fodeland, invkat, landbak3gen, forst_aar_mnd,
    mor_lnr as mor_id,
    far_lnr as far_id,
from faste_oppl_1
