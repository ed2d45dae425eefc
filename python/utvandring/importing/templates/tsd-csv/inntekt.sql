-- Several rows of a person and year are added up.
select aargang as periode, personid, wyrkinnt
from {{ one_row_per('inntekt', ['personid', 'aargang'], conflicting='sum', sums=['wyrkinnt']) }}
