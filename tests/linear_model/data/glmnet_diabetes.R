# Writes glmnet_diabetes.csv: what R's glmnet makes of scikit-learn's diabetes data.
#
#   python -c "from sklearn.datasets import load_diabetes; import numpy as np; \
#     X, y = load_diabetes(return_X_y=True); np.savetxt('diabetes.txt', np.c_[X, y][:440])"
#   Rscript glmnet_diabetes.R diabetes.txt glmnet_diabetes.csv
#
# 440 rows make ten folds of equal size. y is put on unit deviation, by which glmnet
# would divide its L2 penalty. glmnet scales penalty factors to sum to the number of
# features, so that lambda is scaled back.

suppressPackageStartupMessages(library(glmnet))
glmnet.control(fdev = 0, devmax = 1)
arguments <- commandArgs(trailingOnly = TRUE)
data <- as.matrix(read.table(arguments[1]))
p <- 10
X <- 10 * data[, 1:p]
y <- data[, p + 1]
unit <- function(v) (v - mean(v)) / sqrt(mean((v - mean(v))^2))
y <- unit(y)
n <- length(y)
alphas <- c(0.3, 0.1, 0.03, 0.01, 0.003)
factors <- c(0, 2, 1, 0.5, 1, 0, 1.5, 1, 0.7, 1)
offset <- y - unit(y - 0.5 * sin(seq_len(n)))
folds <- rep(1:10, length.out = n)
upper <- rep(c(Inf, 0.4), 5)
found <- NULL
keep <- function(case, l1_ratio, values) {
  values <- as.vector(as.matrix(values))
  found <<- rbind(found, data.frame(case, l1_ratio, place = seq_along(values) - 1,
                                    value = sprintf("%.12g", values)))
}

for (ratio in c(1, 0.5)) {
  fit <- function(...) coef(glmnet(X, y, alpha = ratio, thresh = 1e-15, maxit = 1e8, ...))
  plain <- function(...) fit(..., lambda = alphas, standardize = FALSE)
  keep("plain", ratio, plain())
  keep("standardize", ratio, fit(lambda = alphas, standardize = TRUE))
  keep("penalty_factor", ratio, fit(penalty.factor = factors, standardize = FALSE,
                                    lambda = alphas * sum(factors) / p))
  keep("exclude", ratio, plain(exclude = c(3, 9)))
  keep("coef_bounds", ratio, plain(lower.limits = -0.3, upper.limits = upper))
  keep("offset", ratio, plain(offset = offset))
  relaxed <- glmnet(X, y, alpha = ratio, thresh = 1e-15, maxit = 1e8, lambda = alphas,
                    standardize = FALSE, relax = TRUE)
  for (gamma in c(0, 0.5)) {
    keep(paste0("relax_", gamma), ratio, coef(relaxed, s = alphas, gamma = gamma))
  }
}
grid <- 0.4 * 0.8^(0:24)
chosen <- cv.glmnet(X, y, lambda = grid, standardize = FALSE, foldid = folds,
                    thresh = 1e-15, maxit = 1e8, relax = TRUE,
                    gamma = c(0, 0.25, 0.5, 0.75, 1))
keep("cv_mean", 1, chosen$cvm)
keep("cv_error", 1, chosen$cvsd)
keep("cv_rule", 1, c(chosen$lambda.min, chosen$lambda.1se))
relaxed <- chosen$relaxed
keep("cv_relax_rule", 1, c(relaxed$lambda.min, relaxed$gamma.min, relaxed$lambda.1se,
                           relaxed$gamma.1se))
write.csv(found, arguments[2], row.names = FALSE, quote = FALSE)
