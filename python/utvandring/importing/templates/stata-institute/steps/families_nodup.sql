select distinct personid, file_year, lopenr_familie, regstat_personkode
from hush_fam_nodup
