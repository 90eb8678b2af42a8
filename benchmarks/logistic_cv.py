"""Cross-validated logistic regression beside cv.glmnet and scikit-learn's saga.

    python -m benchmarks.logistic_cv [--data FOLDER] [--only NAME ...]
        [--peers sklreg glmnet saga] [--threads N] [--tol TOL ...] [--thresh THRESH ...]
        [--max-iter N ...] [--saga-values 100 --saga-folds 5]

100 values of C, from the one at which the first coefficient enters to a hundred times
as much, and five stratified folds, the same for everybody, who all score the log loss
and fit the chosen penalty to all rows. Each is timed warm, after a call that loads and
compiles what it needs (glmnet needs none). glmnet is timed inside R, on one thread and
with its folds on two by doParallel where that is installed.

saga would take hours where features are many: by default it gets every tenth value and
the first two folds, and sklreg is timed on these once more. At its own tolerance it
stops early, at ``max_iter=100`` earlier still; the gap tells how early.

The gap is the largest objective gap, over the null model's loss, on five of the values:
of sklreg and saga in the first fold, of glmnet on all rows, as it keeps no fold.
"""

import argparse
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from benchmarks import classification_table, problems
from benchmarks import logistic_certificate as certificate
from sklreg import linear_model as ours

SCRIPT = Path(__file__).with_suffix(".R")
SYNTHETIC = ("labels-dense-5000x300", "labels-dense-500x5000")
LOCAL = ("sms_spam", "sentence_polarity")
N_VALUES, EPS, N_FOLDS = 100, 1e-2, 5
N_GAPS = 5
REPEATS = 3


def load(name, folder):
    """Return a :class:`problems.Problem` with targets 0 and 1."""
    if name in SYNTHETIC:
        problem = problems.load(name)
        X, y = problem.X, problem.y
    else:
        X, y = classification_table.DATA[name](Path(folder), name)
        X = sparse.csc_matrix(X)
        X.sort_indices()
    return problems.Problem(name, X, np.unique(y, return_inverse=True)[1].astype(float))


def least_time(call, repeats=REPEATS):
    """Return the least time of a call, and what it returned last."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        best = min(best, time.perf_counter() - start)
    return best, result


def worst_gap(problem, Cs, coefs, intercepts):
    """Return the largest of the objective gaps for some values of C."""
    n = len(problem.y)
    return max(
        certificate.relative_gap(
            problem, coef[:, None], np.array([intercept]), 1.0 / (n * C), 1.0
        )
        for C, coef, intercept in zip(Cs, coefs, intercepts, strict=True)
    )


def fold_of(problem, train):
    """Return the problem on the training rows of a fold."""
    X = problem.X
    X = sparse.csc_matrix(sparse.csr_matrix(X)[train]) if sparse.issparse(X) else X
    X = X if sparse.issparse(X) else np.asfortranarray(X[train])
    return problems.Problem(f"{problem.name}, a fold", X, problem.y[train])


def places_of(Cs):
    """Return the places of the values whose gaps are found."""
    return np.unique(np.linspace(0, len(Cs) - 1, N_GAPS).astype(int))


def fold_gap(part, model, Cs):
    """Return the largest gap of a fitted cross-validation in its first fold."""
    places = places_of(Cs)
    paths = model.coefs_paths_[0, 0, places, 0].astype(float)
    return worst_gap(part, Cs[places], paths[:, :-1], paths[:, -1])


def cross_validation(library, Cs, folds, threads, **options):
    """Return an unfitted model of a library."""
    return library.LogisticRegressionCV(
        Cs=Cs,
        cv=folds,
        l1_ratios=(1.0,),
        scoring="neg_log_loss",
        n_jobs=threads,
        use_legacy_attributes=False,
        **options,
    )


def run_glmnet(problem, Cs, folds, thresh):
    """Run R; return seconds on one and on two threads, and the largest gap."""
    n, p = problem.X.shape
    alphas = 1.0 / (n * Cs)  # increasing C, decreasing penalty
    fold = np.zeros(n)
    for k, (_, test) in enumerate(folds):
        fold[test] = k + 1
    with tempfile.TemporaryDirectory() as folder:
        arrays = {"y": problem.y, "alphas": alphas, "folds": fold, "shape": [n, p]}
        if sparse.issparse(problem.X):
            arrays["values"] = problem.X.data
            arrays["rows"], arrays["starts"] = problem.X.indices, problem.X.indptr
        else:
            arrays["X"] = problem.X.T
        for name, values in arrays.items():
            np.ascontiguousarray(values, np.float64).tofile(f"{folder}/{name}.f64")
        subprocess.run(["Rscript", str(SCRIPT), folder, repr(thresh)], check=True)
        seconds = np.fromfile(f"{folder}/seconds.out", np.float64)
        found = np.fromfile(f"{folder}/coefs.out", np.float64).reshape(len(Cs), p + 1)
    places = places_of(Cs)
    gap = worst_gap(problem, Cs[places], found[places, 1:], found[places, 0])
    return seconds, gap


def line(name, what, seconds, gap, reference=None):
    ratio = "" if reference is None else f"  sklreg / this {reference / seconds:6.3f}"
    print(f"{name:24s}{what:44s}{seconds:9.3f} s  gap {gap:7.1e}{ratio}", flush=True)


def compare(problem, options):
    """Print the lines of one problem."""
    X, y, threads = problem.X, problem.y, options.threads
    top = len(y) * certificate.alpha_max(X, y)
    Cs = np.geomspace(1.0, 1.0 / EPS, N_VALUES) / top
    folds = list(StratifiedKFold(N_FOLDS).split(X, y))
    part = fold_of(problem, folds[0][0])
    mine = None
    for tol in options.tol if "sklreg" in options.peers else ():
        model = cross_validation(ours, Cs, folds, threads, tol=tol).fit(X, y)
        seconds, model = least_time(lambda model=model: model.fit(X, y))
        mine = mine or seconds
        gap = fold_gap(part, model, Cs)
        line(problem.name, f"sklreg, tol {tol:g}", seconds, gap)
    for thresh in options.thresh if "glmnet" in options.peers else ():
        seconds, gap = run_glmnet(problem, Cs, folds, thresh)
        for n_threads, spent in enumerate(seconds, 1):
            what = f"cv.glmnet, thresh {thresh:g}, {n_threads} threads"
            line(problem.name, what, spent, gap, mine)
    if "saga" in options.peers:
        Cs = Cs[:: N_VALUES // options.saga_values]
        beside_saga(problem, part, Cs, folds[: options.saga_folds], options)


def beside_saga(problem, part, Cs, folds, options):
    """Print the lines of fewer values and folds, on rows that suit saga."""
    X, y = problem.X, problem.y
    rows = sparse.csr_matrix(X) if sparse.issparse(X) else np.ascontiguousarray(X)
    model = cross_validation(ours, Cs, folds, options.threads).fit(X, y)
    mine, model = least_time(lambda: model.fit(X, y))
    name, grid = problem.name, f"{len(Cs)} values, {len(folds)} folds"
    gap = fold_gap(part, model, Cs)
    line(name, f"sklreg, {grid}", mine, gap)
    for max_iter in options.max_iter:
        model = cross_validation(
            theirs, Cs, folds, options.threads, solver="saga", max_iter=max_iter
        )
        seconds, model = least_time(lambda model=model: model.fit(rows, y), repeats=1)
        gap = fold_gap(part, model, Cs)
        line(name, f"saga, {grid}, max_iter {max_iter}", seconds, gap, mine)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the local data sets")
    parser.add_argument("--only", nargs="+", choices=(*SYNTHETIC, *LOCAL))
    everybody = ("sklreg", "glmnet", "saga")
    parser.add_argument("--peers", nargs="+", choices=everybody, default=everybody)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tol", type=float, nargs="+", default=[1e-4, 1e-3])
    parser.add_argument("--thresh", type=float, nargs="+", default=[1e-7])
    parser.add_argument("--max-iter", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--saga-values", type=int, default=10)
    parser.add_argument("--saga-folds", type=int, default=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    warnings.filterwarnings("always", message="The reference for")
    names = options.only or (SYNTHETIC + LOCAL if options.data else SYNTHETIC)
    with threadpool_limits(options.threads):
        for name in names:
            compare(load(name, options.data), options)


if __name__ == "__main__":
    main()
