# Makes the files beside it: data, and what R estimates from them. Run as `Rscript reference.R` in this folder.
# Packages: nnet for the multinomial logit, sandwich for the covariances of least squares.
library(nnet)
library(sandwich)
options(digits = 16)

n <- 600
set.seed(2016)
person <- sample(1:250, n, replace = TRUE)
age <- sample(15:74, n, replace = TRUE)
female <- rbinom(n, 1, 0.48)
size <- 1 + rpois(n, 1.5)
weight <- sample(1:4, n, replace = TRUE)
shock <- rnorm(250)[person]
u <- runif(n)
move <- exp(-1.0 + 0.4 * female - 0.2 * size + 0.5 * shock)
leave <- exp(0.6 - 0.03 * age + 0.3 * female)
outcome <- ifelse(u < move / (1 + move + leave), 1, ifelse(u < (move + leave) / (1 + move + leave), 2, 0))
simulated <- data.frame(
  person, constant = 1, age, age_sq_scaled = (age / 10)^2, female, size, weight, outcome
)
write.csv(simulated, "simulated.csv", row.names = FALSE, quote = FALSE)

# R's own data: women in a matched study of infertility; the outcome is the number of induced abortions (2: two or more).
women <- with(infert, data.frame(
  person = stratum, constant = 1, age, parity, case, spontaneous, weight = 1, outcome = induced
))
write.csv(women, "infert.csv", row.names = FALSE, quote = FALSE)

rows <- function(data, model, equation, term, estimate, covariance, robust, clustered) {
  data.frame(
    data, model, equation, term,
    estimate = estimate,
    std_error = sqrt(diag(covariance)),
    std_error_robust = sqrt(diag(robust)),
    std_error_clustered = sqrt(diag(clustered)),
    row.names = NULL
  )
}

logit <- function(name, frame, terms, weights, model) {
  x <- as.matrix(frame[terms])
  fit <- multinom(frame$outcome ~ x - 1, weights = weights, trace = FALSE,
                  maxit = 10000, reltol = 1e-16, abstol = 1e-16, Hess = TRUE)
  covariance <- solve(fit$Hessian)
  # The scores of the rows: (1{y = j} - P_j) x, equation by equation. Robust: a row of weight w is w observations.
  residual <- (outer(frame$outcome, 1:2, "==") - fitted(fit)[, 2:3])
  score <- cbind(residual[, 1] * x, residual[, 2] * x)
  robust <- covariance %*% crossprod(score, score * weights) %*% covariance
  sums <- rowsum(score * weights, frame$person)
  g <- nrow(sums)
  clustered <- covariance %*% crossprod(sums) %*% covariance * g / (g - 1)
  estimate <- as.vector(t(coef(fit)))
  table <- rows(name, model, rep(1:2, each = length(terms)), rep(terms, 2), estimate, covariance, robust, clustered)
  list(table = table, log_likelihood = as.numeric(logLik(fit)))
}

least_squares <- function(name, frame, terms) {
  tables <- lapply(0:2, function(j) {
    fit <- lm(as.numeric(frame$outcome == j) ~ as.matrix(frame[terms]) - 1)
    rows(name, "lm", j, terms, unname(coef(fit)), vcov(fit), vcovHC(fit, type = "HC1"),
         vcovCL(fit, cluster = frame$person, type = "HC1"))
  })
  do.call(rbind, tables)
}

terms_simulated <- c("constant", "age", "age_sq_scaled", "female", "size")
terms_infert <- c("constant", "age", "parity", "case", "spontaneous")
fits <- list(
  logit("simulated", simulated, terms_simulated, rep(1, n), "multinom"),
  logit("simulated", simulated, terms_simulated, simulated$weight, "multinom_weighted"),
  logit("infert", women, terms_infert, rep(1, nrow(women)), "multinom")
)
estimates <- rbind(
  do.call(rbind, lapply(fits, `[[`, "table")),
  least_squares("simulated", simulated, terms_simulated),
  least_squares("infert", women, terms_infert)
)
for (column in c("estimate", "std_error", "std_error_robust", "std_error_clustered")) {
  estimates[[column]] <- formatC(estimates[[column]], digits = 15, format = "e")
}
write.csv(estimates, "estimates.csv", row.names = FALSE, quote = FALSE)
write.csv(
  data.frame(
    data = c("simulated", "simulated", "infert"),
    model = c("multinom", "multinom_weighted", "multinom"),
    log_likelihood = formatC(sapply(fits, `[[`, "log_likelihood"), digits = 15, format = "e")
  ),
  "log_likelihoods.csv", row.names = FALSE, quote = FALSE
)
