# cv.glmnet on one problem, for logistic_cv.py: arrays in, seconds and coefficients out.
#
# Arguments: the folder and glmnet's thresh. The folder holds shape, y, alphas, folds and
# X or, of a sparse X, values, rows and starts, all as raw doubles.

suppressPackageStartupMessages({library(glmnet); library(Matrix)})
glmnet.control(fdev = 0, devmax = 1)  # or it leaves the path early

folder <- commandArgs(trailingOnly = TRUE)[1]
thresh <- as.numeric(commandArgs(trailingOnly = TRUE)[2])
read <- function(name) {
  path <- file.path(folder, paste0(name, ".f64"))
  readBin(path, "double", n = file.size(path) / 8, size = 8)
}
keep <- function(values, name) {
  con <- file(file.path(folder, paste0(name, ".out")), "wb")
  writeBin(as.double(as.vector(values)), con)
  close(con)
}

shape <- read("shape")
y <- read("y")
X <- if (file.exists(file.path(folder, "X.f64"))) {
  matrix(read("X"), shape[1], shape[2])
} else {
  sparseMatrix(i = as.integer(read("rows")), p = as.integer(read("starts")),
               x = read("values"), dims = shape, index1 = FALSE)
}
validate <- function(parallel) {
  seconds <- system.time(
    model <- cv.glmnet(X, y, family = "binomial", lambda = read("alphas"),
                       foldid = read("folds"), standardize = FALSE, thresh = thresh,
                       parallel = parallel)
  )[["elapsed"]]
  list(seconds = seconds, model = model)
}

one <- validate(FALSE)
seconds <- one$seconds
if (requireNamespace("doParallel", quietly = TRUE)) {
  doParallel::registerDoParallel(cores = 2)
  seconds <- c(seconds, validate(TRUE)$seconds)
}
keep(seconds, "seconds")
keep(as.matrix(coef(one$model$glmnet.fit)), "coefs")
