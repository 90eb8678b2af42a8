"""The README's figures: sklreg beside scikit-learn, turn by turn, at one tolerance.

    python benchmarks/beside_scikit_learn.py [--repeats N] [--threads N]

Every case is fitted by both in turn, on synthetic designs; the least time of each
counts. The relative duality gap of a single fit is recomputed outside both by
``certificate.py``.
"""

import argparse
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from sklearn import linear_model as theirs
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import certificate, problems
from sklreg import linear_model as ours

TOL = 1e-6
# BLAS threads go on waiting for work after a call, on a core that the other needs.
PAUSE = 0.2
SEVEN = [0.1, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0]


def fits(models, X, y):
    """Return what fits each model, as callables."""
    return [partial(model.fit, X, y) for model in models]


def least_times(calls, repeats):
    """Return the least time of each of several callables, called in turn."""
    times = np.full(len(calls), np.inf)
    for _ in range(repeats):
        for k, call in enumerate(calls):
            time.sleep(PAUSE)
            start = time.perf_counter()
            call()
            times[k] = min(times[k], time.perf_counter() - start)
    return times


def report(name, pair, repeats, remark=""):
    """Time a pair of fits and print the ratio."""
    mine, built_in = least_times(pair, repeats)
    print(
        f"{name:46s} sklreg {mine:8.4f} s  scikit-learn {built_in:8.4f} s  "
        f"ratio {mine / built_in:6.3f}  {remark}",
        flush=True,
    )


def main():
    """Run every case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with threadpool_limits(arguments.threads):
        for name in (
            "dense-10000x1000",
            "dense-500x20000",
            "sparse-20000x100000-0.001",
        ):
            single_fits(name, arguments.repeats)
        ridges(arguments.repeats)
        cross_validations(arguments.repeats, arguments.threads)


def single_fits(name, repeats):
    """Time single lasso fits at two penalties."""
    problem = problems.load(name)
    X, y = problem.X, problem.y
    top = certificate.alpha_max(X, y)
    for part in (10, 100):
        models = [m.Lasso(alpha=top / part, tol=TOL) for m in (ours, theirs)]
        models[0].fit(X, y)
        slow = repeats if part == 10 else max(1, repeats // 2)
        mine = models[0]
        (gap,) = certificate.relative_gaps(
            X,
            y,
            mine.coef_[:, None],
            np.array([mine.intercept_]),
            np.array([top / part]),
        )
        report(
            f"Lasso, {name}, alpha_max/{part}",
            fits(models, X, y),
            slow,
            f"gap {gap:.0e}, {np.count_nonzero(mine.coef_)} nonzero",
        )


def ridges(repeats):
    """Time single ridge fits in both precisions; tell what float32 costs in digits."""
    for name in ("dense-10000x1000", "dense-500x5000", "dense-20000x100"):
        problem = problems.load(name)
        for dtype in (np.float64, np.float32):
            X, y = problem.X.astype(dtype), problem.y.astype(dtype)
            models = [m.Ridge() for m in (ours, theirs)]
            remark = ""
            if dtype == np.float32:
                exact = ours.Ridge().fit(X.astype(float), y.astype(float)).coef_
                off = [np.abs(m.fit(X, y).coef_ - exact).max() for m in models]
                mine, built_in = np.array(off) / np.abs(exact).max()
                remark = f"coefficients off by {mine:.0e} and {built_in:.0e}"
            models[0].fit(X, y)
            report(f"Ridge, {name}, {X.dtype}", fits(models, X, y), repeats, remark)


def cross_validations(repeats, threads):
    """Time cross-validated lassos, elastic nets and ridges."""
    for name in ("dense-10000x1000", "dense-500x5000"):
        problem = problems.load(name)
        X, y = problem.X, problem.y
        models = [m.LassoCV(eps=0.01, n_jobs=threads, cv=5) for m in (ours, theirs)]
        models[0].fit(X, y)
        report(f"LassoCV, {name}", fits(models, X, y), 1)
        one, seven = (
            ours.ElasticNetCV(l1_ratio=ratios, eps=0.01, n_jobs=threads, cv=5)
            for ratios in (0.5, SEVEN)
        )
        one.fit(X, y)
        times = least_times(fits([one, seven], X, y), repeats)
        print(
            f"{f'ElasticNetCV, {name}':46s} one l1_ratio {times[0]:8.4f} s  "
            f"seven {times[1]:8.4f} s  ratio {times[1] / times[0]:6.3f}",
            flush=True,
        )
    for name in ("dense-5000x300", "dense-500x5000"):
        problem = problems.load(name)
        X, y = problem.X, problem.y
        models = [m.RidgeCV(alphas=np.logspace(-2, 4, 50)) for m in (ours, theirs)]
        models[0].fit(X, y)
        report(f"RidgeCV, {name}", fits(models, X, y), repeats)


if __name__ == "__main__":
    main()
