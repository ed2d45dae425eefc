-- Families, a file a year; of a year that has a twin without repeated rows, the twin.
select personid, file_year, lopenr_familie, regstat_personkode, kommnr_formell
from {{ by_precedence(['families_nodup', 'families'], 'file_year') }}
