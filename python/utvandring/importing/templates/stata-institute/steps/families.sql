select distinct personid, file_year, lopenr_familie, regstat_personkode, kommnr_formell
from hush_fam
