"""`utvandring extract`: rows of the warehouse as files of Stata, SPSS, R and others, inside the zone."""
