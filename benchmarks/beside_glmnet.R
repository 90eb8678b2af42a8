# R's glmnet on one problem, for beside_glmnet.py: arrays in, arrays out, as raw doubles.
#
# Arguments: the folder. It holds X, y, alphas, factors, excluded, lower, upper, offset,
# folds and l1_ratio; a file is written for each case.

suppressPackageStartupMessages(library(glmnet))
glmnet.control(fdev = 0, devmax = 1)  # or it leaves the path early

folder <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name) {
  path <- file.path(folder, paste0(name, ".f64"))
  readBin(path, "double", n = file.size(path) / 8, size = 8)
}
keep <- function(values, name) {
  con <- file(file.path(folder, paste0(name, ".out")), "wb")
  writeBin(as.double(as.vector(values)), con)
  close(con)
}

y <- read("y")
X <- matrix(read("X"), nrow = length(y))
alphas <- read("alphas")
l1_ratio <- read("l1_ratio")
p <- ncol(X)
factors <- read("factors")
excluded <- which(read("excluded") == 1)
lower <- read("lower")
upper <- read("upper")
offset <- read("offset")
folds <- read("folds")
GAMMAS <- c(0, 0.25, 0.5, 0.75, 1)

fit <- function(..., standardize = FALSE, lambda = alphas) {
  glmnet(X, y, alpha = l1_ratio, lambda = lambda, standardize = standardize,
         thresh = 1e-14, maxit = 1e8, ...)
}
coefficients <- function(model, ...) as.matrix(coef(model, ...))
cross_validate <- function(...) {
  cv.glmnet(X, y, alpha = l1_ratio, lambda = alphas, standardize = FALSE,
            foldid = folds, thresh = 1e-14, maxit = 1e8, ...)
}

keep(coefficients(fit()), "plain")
keep(coefficients(fit(standardize = TRUE)), "standardize")
# glmnet makes the factors sum to p.
scaled <- alphas * sum(factors) / p
keep(coefficients(fit(penalty.factor = factors, lambda = scaled)), "penalty_factor")
keep(coefficients(fit(exclude = excluded)), "exclude")
keep(coefficients(fit(lower.limits = lower, upper.limits = upper)), "coef_bounds")
keep(coefficients(fit(lower.limits = lower, upper.limits = upper,
                      standardize = TRUE)), "bounds_standardize")
keep(coefficients(fit(offset = offset)), "offset")
between <- (alphas[3] + 2 * alphas[4]) / 3
keep(coefficients(fit(), s = between), "coef_at")
# The refits evaluate this call again, so its arguments must be global.
relaxed <- glmnet(X, y, alpha = l1_ratio, lambda = alphas, standardize = FALSE,
                  thresh = 1e-14, maxit = 1e8, relax = TRUE)
keep(coefficients(relaxed, s = alphas, gamma = 0), "relax_0")
keep(coefficients(relaxed, s = alphas, gamma = 0.5), "relax_half")
chosen <- cross_validate()
keep(chosen$cvm, "cv_mean")
keep(chosen$cvsd, "cv_error")
keep(c(chosen$lambda.min, chosen$lambda.1se), "cv_rule")
chosen <- cv.glmnet(X, y, alpha = l1_ratio, lambda = alphas, standardize = FALSE,
                    foldid = folds, thresh = 1e-14, maxit = 1e8, relax = TRUE,
                    gamma = GAMMAS)$relaxed
keep(sapply(chosen$statlist, function(s) s$cvm), "cv_relax_mean")
keep(c(chosen$lambda.min, chosen$gamma.min, chosen$lambda.1se, chosen$gamma.1se),
     "cv_relax_rule")
