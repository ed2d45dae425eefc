select personid, file_year as year, statuskode from population
