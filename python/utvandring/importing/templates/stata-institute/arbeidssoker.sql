-- One file a month; its name says which.
select distinct file_year as periode, personid, file_month as maaned, as_hoved as hovedstatus
from sofa
