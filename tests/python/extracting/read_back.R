# Reads FILE.dta, FILE.sav and FILE.rds with haven and R itself, and writes each as plain text beside it: numbers with
# all digits, dates as days and times as seconds since 1970, NULL where R has a missing value.
stem <- commandArgs(trailingOnly = TRUE)[1]
plain <- function(x) {
  if (inherits(x, "POSIXct") || inherits(x, "Date") || is.logical(x)) x <- as.numeric(x)
  x <- unclass(haven::zap_labels(x))
  missing <- is.na(x) & !is.nan(x)
  text <- if (is.character(x)) x else sprintf("%.17g", as.numeric(x))
  ifelse(missing, "NULL", text)
}
for (kind in c("dta", "sav", "rds")) {
  file <- paste0(stem, ".", kind)
  read <- switch(kind, dta = haven::read_dta(file), sav = haven::read_sav(file), rds = readRDS(file))
  labels <- vapply(read, function(x) { l <- attr(x, "label", exact = TRUE); if (is.null(l)) "" else l }, "")
  codes <- vapply(read, function(x) paste(attr(x, "labels"), names(attr(x, "labels")), collapse = "|"), "")
  rows <- as.data.frame(lapply(read, plain), check.names = FALSE)
  write.csv(rows, paste0(file, ".rows"), row.names = FALSE, fileEncoding = "UTF-8")
  about <- data.frame(name = names(read), label = labels, codes = codes)
  write.csv(about, paste0(file, ".about"), row.names = FALSE, fileEncoding = "UTF-8")
}
