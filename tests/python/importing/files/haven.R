# Makes haven.sas7bdat beside it. Run as `Rscript haven.R` in this folder, with haven 2.5.1 of Debian's r-cran-haven.
library(haven)

with_format <- function(values, format) structure(values, format.sas = format)
write_sas(
  data.frame(
    lnr = c("P1", "P2", "P3"),
    dag = as.Date(c("2010-07-15", NA, "1850-01-01")),
    tid = as.POSIXct(c("2010-07-15 13:45:00", NA, "1959-12-31 23:59:59"), tz = "UTC"),
    maaned = with_format(c(18458, NA, 0), "YYMMN6"),
    uke = with_format(c(18458, NA, 0), "WEEKV"),
    dato = c(20100715, tagged_na("A"), tagged_na("Z")),
    sivstand = c(1, 9, NA),
    sted = c("F\u00e6r\u00f8yene", "\u00c5s \u2013 Troms\u00f8", ""),
    lang = c(strrep("\u00f8", 300), "x;\"y", NA)
  ),
  "haven.sas7bdat"
)
