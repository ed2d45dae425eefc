-- Spells by month; an open one goes on to the end of the delivery.
select
    year as periode,
    personid,
    month as maaned,
    {{ looked_up('hovedarbstat', 'hovedarbstat') }} as hovedstatus,
from {{ spells_to_months('f_arbsok', start='asoktilg_mnd', end='asoktom_mnd', keep=['hovedarbstat']) }}
