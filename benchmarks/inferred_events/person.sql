select personid, kjoenn, foedselsaar_mnd, fodeland, invkat
from persons
where file_year = (select max(file_year) from persons)
