-- The second wave calls the parents lopenr_mor and lopenr_far.
select distinct
    personid, kjoenn, foedsels_aar_mnd, doeds_aar_mnd, fodeland, invkat, landbak3gen, forst_aar_mnd,
    lopenr_mor as mor_id,
    lopenr_far as far_id,
from faste_oppl_2
