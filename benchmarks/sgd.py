"""Stochastic descent beside scikit-learn's: times, as ratios, in one run.

    python benchmarks/sgd.py [--data FOLDER] [--plot FILE] [--repeats N]

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
from sklearn import linear_model as theirs
from sklearn.exceptions import ConvergenceWarning

from sklreg import linear_model as ours

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
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    rng = np.random.default_rng(0)
    X, y = dense_problem(rng)
    compare("dense 200000 x 100, l2", 0.35, X, y, options.repeats)
    compare("dense 200000 x 100, l1", None, X, y, options.repeats, penalty="l1")
    X, y = sparse_problem(rng)
    compare("CSR 100000 x 50000, l2", 0.7, X, y, options.repeats)
    compare("CSR 100000 x 50000, l1", 0.5, X, y, options.repeats, penalty="l1")
    X, y = newsgroups(Path(options.data))
    compare("20 newsgroups, 2 jobs", 0.5, X, y, options.repeats, n_jobs=2)
    linearity(rng, options.repeats, options.plot)
    for layout in ("dense", "csr"):
        seconds = first_call(layout)
        report(f"first call, warm cache, {layout}", f"{seconds:.2f} s", 0.5, seconds)


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
    in random order over more memory, which costs latency on top of the values.
    """
    grown = {
        "longer rows": [{"n": 160_000, "per_row": k} for k in (50, 100, 200, 400)],
        "more rows": [{"n": k * 160_000} for k in (1, 2, 4, 8)],
    }
    measured = {}
    for name, shapes in grown.items():
        stored, seconds = measured[name] = [], []
        for shape in shapes:
            X, y = sparse_problem(rng, **shape)
            epochs = []
            for _ in range(repeats):
                model = ours.SGDClassifier(max_iter=5, tol=None, random_state=0)
                epochs.append(model.fit(X, y).history_["seconds"].min())
            stored.append(X.nnz / 1e6)
            seconds.append(min(epochs))
        power = np.polyfit(np.log(stored), np.log(seconds), 1)[0]
        report(f"cost of an epoch, {name}", f"nnz ** {power:.2f}", 1.15, power)
        for nnz, taken in zip(stored, seconds, strict=True):
            each = 1e3 * taken / nnz
            print(f"    {nnz:6.2f} M values {1e3 * taken:8.1f} ms {each:6.2f} ns each")
    if plot:
        import matplotlib.pyplot as plt

        _, axes = plt.subplots(layout="constrained")
        for name, (stored, seconds) in measured.items():
            axes.plot(stored, seconds, "o-", label=name)
        stored, seconds = measured["longer rows"]
        line = seconds[0] * np.array(stored) / stored[0]
        axes.plot(stored, line, "--", color="grey", label="linear")
        axes.set(xlabel="million stored values", ylabel="seconds an epoch")
        axes.set(xlim=(0, None), ylim=(0, None))
        axes.legend()
        plt.savefig(plot)


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
        verdict = f"   (<= {target}: {'yes' if value <= target else 'NO'})"
    print(f"{name:34} {told}{verdict}", flush=True)


if __name__ == "__main__":
    main()
