"""Stochastic descent beside scikit-learn's: times, as ratios, in one run.

    python benchmarks/sgd.py [--data FOLDER] [--plot FILE] [--repeats N] [--only PART]

Both sides fit the same data with the same settings, seed and number of epochs, turn by
turn; the least time of each counts. The weights are compared too.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numba import njit
from sklearn import linear_model as theirs
from sklearn.exceptions import ConvergenceWarning

from sklreg import linear_model as ours
from sklreg.solvers import _stochastic_kernels as kernels
from sklreg.solvers._row_kernels import AHEAD, BURST, fetch, fetch_places, span

LENGTHS = (50, 100, 200, 400)

FIRST_CALL = """
import sys, time
import numpy as np, scipy.sparse as sp
from sklreg.linear_model import SGDClassifier
X = np.random.default_rng(0).standard_normal((100, 10))
y = np.arange(100) % 2
start = time.perf_counter()
SGDClassifier().fit(sp.csr_matrix(X) if sys.argv[1] == "csr" else X, y)
print(time.perf_counter() - start)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data",
        default=os.environ.get("SKLREG_BENCHMARK_DATA", "."),
        help="folder with 20newsgroups_counts.npz; downloaded if it is not there",
    )
    parser.add_argument("--plot", help="where to draw the cost per stored value")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--only", choices=["times", "growth", "latency"], help="one part of it"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    rng = np.random.default_rng(0)
    if options.only in (None, "times"):
        times(rng, Path(options.data), options.repeats)
    if options.only in (None, "growth"):
        linearity(rng, options.repeats, options.plot)
    if options.only in (None, "latency"):
        for layout in ("dense", "csr"):
            seconds = first_call(layout)
            told = f"{seconds:.2f} s"
            report(f"first call, warm cache, {layout}", told, 0.5, seconds)


def times(rng, data, repeats):
    """Print the times of ten epochs beside scikit-learn's."""
    X, y = dense_problem(rng)
    compare("dense 200000 x 100, l2", 0.35, X, y, repeats)
    compare("dense 200000 x 100, l1", None, X, y, repeats, penalty="l1")
    X, y = sparse_problem(rng)
    compare("CSR 100000 x 50000, l2", 0.7, X, y, repeats)
    compare("CSR 100000 x 50000, l1", 0.5, X, y, repeats, penalty="l1")
    X, y = newsgroups(data)
    compare("20 newsgroups, 2 jobs", 0.5, X, y, repeats, n_jobs=2)


def dense_problem(rng, n=200_000, p=100):
    X = rng.standard_normal((n, p))
    return X, (X @ rng.standard_normal(p) + rng.standard_normal(n) > 0).astype(int)


def sparse_problem(rng, n=100_000, p=50_000, per_row=50):
    indices = np.sort(rng.integers(0, p, (n, per_row)), axis=1).astype(np.int32)
    indptr = np.arange(0, n * per_row + 1, per_row, dtype=np.int32)
    values = rng.standard_normal(n * per_row)
    X = sp.csr_matrix((values, indices.ravel(), indptr), shape=(n, p))
    X.sum_duplicates()
    return X, (X @ rng.standard_normal(p) > 0).astype(int)


def newsgroups(folder):
    path = folder / "20newsgroups_counts.npz"
    if path.exists():
        X, y = sp.load_npz(path).tocsr().astype(float), np.load(path)["y"]
    else:
        from sklearn.datasets import fetch_20newsgroups_vectorized

        X, y = fetch_20newsgroups_vectorized(
            subset="all", normalize=False, return_X_y=True
        )
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(sublinear_tf=True).fit_transform(X), y


def compare(name, target, X, y, repeats, **arguments):
    """Print the ratio of the times of ten epochs and the largest difference."""
    arguments = {"max_iter": 10, "tol": None, "random_state": 0} | arguments
    ours.SGDClassifier(**arguments | {"max_iter": 1}).fit(X, y)  # compile
    seconds, models = {}, {}
    for _ in range(repeats):
        for module in (ours, theirs):
            model = module.SGDClassifier(**arguments)
            start = time.perf_counter()
            models[module] = model.fit(X, y)
            taken = time.perf_counter() - start
            seconds[module] = min(taken, seconds.get(module, np.inf))
    ratio = seconds[ours] / seconds[theirs]
    difference = np.abs(models[ours].coef_ - models[theirs].coef_).max()
    told = (
        f"{seconds[ours]:.3f} s / {seconds[theirs]:.3f} s = {ratio:.2f}, "
        f"weights differ by {difference:.0e}"
    )
    report(name, told, target, ratio)


def linearity(rng, repeats, plot):
    """Print how the cost of an epoch grows with the number of stored values.

    Two ways to have more of them: longer rows, and more rows. More rows are visited
    in random order over more memory. That has a price of its own, whoever pays it: a
    bare sum over the same rows in the same order, asked for ahead likewise, tells it.
    """
    grown = {
        "CSR, longer rows": [(sparse_problem, (160_000, 50_000, k)) for k in LENGTHS],
        "CSR, more rows": [(sparse_problem, (k * 160_000,)) for k in (1, 2, 4, 8)],
        "dense, more rows": [(dense_problem, (k * 200_000,)) for k in (1, 2, 4, 8)],
    }
    measured = {}
    for name, problems in grown.items():
        table = measured[name] = []
        for problem, arguments in problems:
            X, y = problem(rng, *arguments)
            model = ours.SGDClassifier(max_iter=3, tol=None, random_state=0)
            seconds, bare = np.inf, np.inf
            for _ in range(repeats):
                seconds = min(seconds, model.fit(X, y).history_["seconds"].min())
                bare = min(bare, bare_pass(X))
            table.append((X.nnz if sp.issparse(X) else X.size, seconds, bare))
        n_values, seconds, bare = np.array(table).T
        power, limit = (
            np.polyfit(np.log(n_values), np.log(taken), 1)[0]
            for taken in (seconds, bare)
        )
        told = f"values ** {power:.2f}, a bare pass ** {limit:.2f}"
        # linear, or as near to it as memory lets any pass be
        report(f"epoch, {name}", told, max(1.1, round(limit, 2) + 0.05), power)
        for number, taken, least in table:
            print(
                f"    {number / 1e6:6.1f} M values {1e3 * taken:7.1f} ms "
                f"{1e9 * taken / number:5.2f} ns each, {taken / least:.1f} bare passes"
            )
    if plot:
        draw(measured, plot)


def bare_pass(X):
    """Return the seconds of a sum over all rows, in a shuffled order."""
    rows = (X, None, None)
    if sp.issparse(X):
        rows = (X.data.reshape(1, -1), X.indices, X.indptr)
    order = kernels.permutation(X.shape[0], 1)
    zeros = np.zeros(X.shape[0])
    sum_rows(*rows, zeros, order[:100])  # compile
    start = time.perf_counter()
    sum_rows(*rows, zeros, order)
    return time.perf_counter() - start


@njit(fastmath=True)
def sum_rows(X, indices, indptr, zeros, order):
    total = 0.0
    for i in range(order.size):
        if i % BURST == 0:
            fetch_places(X, indices, indptr, zeros, zeros, order, i)
        if i + AHEAD < order.size:
            r, start, stop = span(X, indptr, order[i + AHEAD])
            fetch(X, indices, r, start, stop)
        r, start, stop = span(X, indptr, order[i])
        for j in range(start, stop):
            total += X[r, j]
        if indices is not None:
            for j in range(start, stop):
                total += indices[j]
    return total


def draw(measured, path):
    """Draw seconds an epoch over values, on two logarithmic axes."""
    import matplotlib.pyplot as plt

    _, panels = plt.subplots(
        1, len(measured), figsize=(12, 4), sharey=True, layout="constrained"
    )
    for axes, (name, table) in zip(panels, measured.items(), strict=True):
        n_values, seconds, bare = np.array(table).T
        n_values /= 1e6
        axes.loglog(n_values, seconds, "o-", label="an epoch of SGDClassifier")
        axes.loglog(n_values, bare, "s-", label="bare pass over the same rows")
        line = seconds[0] * n_values / n_values[0]
        axes.loglog(n_values, line, "--", color="grey", label="linear")
        axes.set(title=name, xlabel="million values")
        axes.set_xticks(n_values, [f"{number:.0f}" for number in n_values])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("seconds")
    panels[0].legend()
    plt.savefig(path)


def first_call(layout):
    """Return the seconds of the first fit of a process that finds its cache."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {
            "NUMBA_CACHE_DIR": cache,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        command = [sys.executable, "-c", FIRST_CALL, layout]
        times = [
            float(subprocess.check_output(command, env=environment)) for _ in range(4)
        ]
    return min(times[1:])


def report(name, told, target, value):
    verdict = ""
    if target is not None:
        verdict = f"   (<= {target:.3g}: {'yes' if value <= target else 'NO'})"
    print(f"{name:34} {told}{verdict}", flush=True)


if __name__ == "__main__":
    main()
