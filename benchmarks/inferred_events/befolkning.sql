select file_year as periode, personid, statuskode, kommnr from population
