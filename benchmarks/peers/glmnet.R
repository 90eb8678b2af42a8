# glmnet as a worker: the protocol is described in ../worker.py.

started <- proc.time()[["elapsed"]]
suppressPackageStartupMessages({
  library(Matrix)
  library(glmnet)
})
glmnet.control(fdev = 0, devmax = 1)  # or it leaves the path early

arguments <- commandArgs(trailingOnly = TRUE)
problem <- arguments[1]
job <- arguments[2]
task <- arguments[4]
l1_ratio <- as.numeric(arguments[5])
threads <- as.integer(arguments[7])
budget <- as.numeric(arguments[8])
intercept <- arguments[9] == "1"

FOLDS <- 5
L1_RATIOS <- c(0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1.0)
MAX_CALLS <- 7
UNBOUNDED <- 1e9

read_doubles <- function(path) {
  readBin(path, "double", n = file.size(path) / 8, size = 8)
}
read_integers <- function(path) {
  readBin(path, "integer", n = file.size(path) / 4, size = 4)
}
write_raw <- function(values, path) {
  con <- file(path, "wb")
  writeBin(values, con)
  close(con)
}

read_design <- function(folder) {
  shape <- strsplit(readLines(file.path(folder, "shape.txt")), " ")[[1]]
  dimensions <- as.integer(shape[2:3])
  if (shape[1] == "dense") {
    X <- read_doubles(file.path(folder, "X.f64"))
    dim(X) <- dimensions
    X
  } else {
    new("dgCMatrix",
        x = read_doubles(file.path(folder, "X_data.f64")),
        i = read_integers(file.path(folder, "X_indices.i32")),
        p = read_integers(file.path(folder, "X_indptr.i32")),
        Dim = dimensions)
  }
}

X <- read_design(problem)
y <- read_doubles(file.path(problem, "y.f64"))
alphas <- read_doubles(file.path(job, "alphas.f64"))

# glmnet works on y over its deviation s, by which its ridge part is divided once too
# often. With l1_ratio' and lambda' from here it solves everybody else's elastic net.
deviation <- sqrt(mean((y - mean(y))^2))
stretch <- function(l1_ratio) l1_ratio + deviation * (1 - l1_ratio)
their_ratio <- function(l1_ratio) l1_ratio / stretch(l1_ratio)

contiguous_folds <- function(n) {  # scikit-learn's KFold without shuffling
  sizes <- rep(n %/% FOLDS, FOLDS) + (seq_len(FOLDS) <= n %% FOLDS)
  rep(seq_len(FOLDS), sizes)
}

parallel <- FALSE
if (threads > 1 && grepl("_cv$", task) && requireNamespace("doParallel", quietly = TRUE)) {
  doParallel::registerDoParallel(cores = threads)
  parallel <- TRUE
}

fit <- function(tol) {
  glmnet(X, y, lambda = alphas * stretch(l1_ratio), alpha = their_ratio(l1_ratio),
         standardize = FALSE, thresh = tol, maxit = UNBOUNDED)
}

cross_validate <- function(tol, l1_ratio, ...) {
  cv.glmnet(X, y, alpha = their_ratio(l1_ratio), foldid = contiguous_folds(length(y)),
            standardize = FALSE, thresh = tol, maxit = UNBOUNDED,
            parallel = parallel, ...)
}

classify <- function(tol, family) {
  model <- glmnet(X, as.factor(y), family = family, lambda = alphas, alpha = l1_ratio,
                  standardize = FALSE, intercept = intercept, thresh = tol,
                  maxit = UNBOUNDED)
  if (family == "binomial") return(list(beta = model$beta, a0 = model$a0))
  list(beta = do.call(cbind, model$beta), a0 = model$a0[, 1])
}

choose <- function(model, l1_ratio) {
  best <- model$index["min", 1]
  list(beta = model$glmnet.fit$beta[, best, drop = FALSE],
       a0 = model$glmnet.fit$a0[best],
       chosen = c(model$lambda.min / stretch(l1_ratio), l1_ratio),
       error = min(model$cvm))
}

solve <- switch(
  task,
  path = fit,
  single = fit,
  logistic = function(tol) classify(tol, "binomial"),
  multinomial = function(tol) classify(tol, "multinomial"),
  logistic_cv = function(tol) {
    model <- cv.glmnet(X, as.factor(y), family = "binomial", lambda = alphas,
                       alpha = l1_ratio, foldid = contiguous_folds(length(y)),
                       standardize = FALSE, intercept = intercept, thresh = tol,
                       maxit = UNBOUNDED, parallel = parallel)
    best <- model$index["min", 1]
    list(beta = model$glmnet.fit$beta[, best, drop = FALSE],
         a0 = model$glmnet.fit$a0[best], chosen = c(model$lambda.min, l1_ratio))
  },
  lasso_cv = function(tol) choose(cross_validate(tol, 1, lambda = alphas), 1),
  elastic_net_cv = function(tol) {
    ratio <- alphas[length(alphas)] / alphas[1]
    models <- lapply(L1_RATIOS, function(value) {
      choose(cross_validate(tol, value, nlambda = length(alphas),
                            lambda.min.ratio = ratio), value)
    })
    models[[which.min(sapply(models, function(model) model$error))]]
  }
)

memory_kb <- function(field) {
  lines <- readLines("/proc/self/status")
  as.numeric(gsub("[^0-9]", "", grep(paste0("^", field, ":"), lines, value = TRUE)))
}

write_answer <- function(answer) {
  beta <- as(answer$beta, "CsparseMatrix")
  write_raw(beta@x, file.path(job, "coef_data.f64"))
  write_raw(beta@i, file.path(job, "coef_indices.i32"))
  write_raw(beta@p, file.path(job, "coef_indptr.i32"))
  write_raw(as.numeric(answer$a0), file.path(job, "intercepts.f64"))
  write_raw(as.numeric(answer$chosen), file.path(job, "chosen.f64"))
}

measure <- function(tol, first) {
  invisible(gc())
  try(cat("5", file = "/proc/self/clear_refs"), silent = TRUE)
  before <- memory_kb("VmRSS")
  peak <- NA
  seconds <- c()
  spent <- 0
  least <- if (first) 2 else 1
  while (length(seconds) < least ||
         (spent < budget && length(seconds) < MAX_CALLS)) {
    start <- Sys.time()
    answer <- solve(tol)
    seconds <- c(seconds, as.numeric(Sys.time() - start, units = "secs"))
    if (length(seconds) > 1 || !first) spent <- spent + seconds[length(seconds)]
    if (length(seconds) == 1) {
      peak <- memory_kb("VmHWM")
      write_answer(answer)
    }
  }
  c(before, peak, seconds)
}

say <- function(...) {
  cat(..., "\n")
  flush(stdout())
}

say("ready", proc.time()[["elapsed"]] - started, as.character(packageVersion("glmnet")))
input <- file("stdin", open = "r")
first <- TRUE
while (length(line <- readLines(input, n = 1)) > 0) {
  tryCatch(
    say("ok", format(measure(as.numeric(line), first), digits = 8, trim = TRUE)),
    error = function(problem) say("error", gsub("\n", " ", conditionMessage(problem)))
  )
  first <- FALSE
}
