"""Bagging and boosting: time and memory, bias and variance, paths and test curves.

    python benchmarks/ensemble.py speed [--only lasso ridge logistic trees]
    python benchmarks/ensemble.py memory
    python benchmarks/ensemble.py variance [--data FOLDER] [--output FOLDER]
    python benchmarks/ensemble.py paths [--data FOLDER] [--output FOLDER]

``speed`` prints the time of ours over that of scikit-learn's bagging of its own
members, both with two jobs, the smaller of alternated runs in one process. ``memory``
prints the peak memory of bagging over that of one member's fit, each in a process of
its own. ``variance`` prints squared bias and variance for a tree, for bagged trees, and
for boosting with and without early stopping; ``paths`` the coefficients of L2-boosting
beside the lasso's, and the test curves of three learning rates. The folder holds
``california_housing.csv.gz`` and ``prostate.npz``; without it these are left out.
"""

import argparse
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

N_MEMBERS = 50
SHAPE = (5000, 300)


# scikit-learn's solvers for L1, liblinear penalises the intercept, saga does not; and C
LOGISTIC = {
    "logistic": ("liblinear", 0.02),
    "logistic-weak": ("liblinear", 1.0),
    "logistic-saga": ("saga", 0.02),
}


def problem(kind):
    from sklearn.datasets import make_classification, make_regression

    n, p = SHAPE
    if kind in LOGISTIC:
        X, y = make_classification(
            n, p, n_informative=30, n_redundant=0, shuffle=False, random_state=0
        )
        return X, y
    return make_regression(n, p, n_informative=30, noise=10.0, random_state=0)


def member(kind, package):
    """A member of this kind, from sklreg or scikit-learn."""
    from importlib import import_module

    from sklearn.tree import DecisionTreeRegressor

    if kind == "trees":
        return DecisionTreeRegressor(max_depth=6, max_features=0.3)
    models = import_module(f"{package}.linear_model")
    if kind == "lasso":
        return models.Lasso(alpha=0.5)
    if kind == "ridge":
        return models.Ridge(alpha=1.0)
    solver, C = LOGISTIC[kind]
    options = {"l1_ratio": 1.0, "C": C}
    if package == "sklearn":
        return models.LogisticRegression(solver=solver, **options)
    return models.LogisticRegression(**options)


def bagging(kind, package, n_jobs=2):
    from importlib import import_module

    ensemble = import_module(f"{package}.ensemble")
    name = "BaggingClassifier" if kind in LOGISTIC else "BaggingRegressor"
    return getattr(ensemble, name)(
        member(kind, package), N_MEMBERS, random_state=0, n_jobs=n_jobs
    )


def speed(options):
    warnings.simplefilter("ignore")
    limits = {"lasso": 0.15, "ridge": 0.3, "trees": 1.0}
    limits |= dict.fromkeys(LOGISTIC, 0.15)
    for kind in options.only or limits:
        X, y = problem(kind)
        times = {"sklreg": [], "sklearn": []}
        predicted = {}
        bagging(kind, "sklreg").fit(X, y)  # kernels are compiled
        bagging(kind, "sklearn").set_params(n_estimators=2).fit(X, y)  # workers start
        for _ in range(options.repeats):
            for package, found in times.items():
                model = bagging(kind, package)
                start = time.perf_counter()
                model.fit(X, y)
                found.append(time.perf_counter() - start)
                predicted[package] = (
                    np.array([m.coef_ for m in model.estimators_])
                    if (kind != "trees")
                    else model.predict(X)
                )
        ours, theirs = (min(found) for found in times.values())
        difference = np.abs(predicted["sklreg"] - predicted["sklearn"]).max()
        print(
            f"{kind:10} sklreg {ours:.3f} s, scikit-learn {theirs:.3f} s, "
            f"ratio {ours / theirs:.3f} (limit {limits[kind]}), "
            f"largest difference of coefficients or predictions {difference:.1e}",
            flush=True,
        )


MEASURED = """
import resource, sys
sys.path.insert(0, {root!r})
from benchmarks.ensemble import bagging, member, problem
kind, what = {kind!r}, {what!r}
X, y = problem(kind)
model = member(kind, "sklreg") if what == "member" else bagging(kind, "sklreg")
model.fit(X, y)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def memory(options):
    root = str(Path(__file__).resolve().parents[1])
    for kind in options.only or ("lasso", "ridge", "trees"):
        peaks = []
        for what in ("member", "bagging"):
            script = MEASURED.format(root=root, kind=kind, what=what)
            run = subprocess.run(
                [sys.executable, "-c", script],
                capture_output=True,
                text=True,
                check=True,
            )
            peaks.append(float(run.stdout))
        print(
            f"{kind:10} one member {peaks[0]:.0f} MiB, {N_MEMBERS} members "
            f"{peaks[1]:.0f} MiB, ratio {peaks[1] / peaks[0]:.2f}"
        )


def worked_example(rng):
    """A sample of 30 points of a cubic with noise of standard deviation 2."""
    x = np.linspace(0, 1, 30).reshape(-1, 1)
    return x, cubic(x) + 2 * rng.randn(30)


def cubic(x):
    x = np.ravel(x)
    return 20 * x**3 - 15 * x**2 + 10 * x + 5


def california(folder):
    import pandas as pd

    frame = pd.read_csv(Path(folder) / "california_housing.csv.gz").dropna()
    y = frame.pop("median_house_value").to_numpy() / 1e5
    X = frame.drop(columns="ocean_proximity").to_numpy(dtype=float)
    order = np.random.RandomState(0).permutation(len(y))
    return X[order], y[order]


def contenders():
    from sklearn.tree import DecisionTreeRegressor

    from sklreg.ensemble import BaggingRegressor, GradientBoostingRegressor

    boosting = {"n_estimators": 500, "learning_rate": 0.1, "max_depth": 3}
    return {
        "one tree": DecisionTreeRegressor(),
        "50 trees, bagged": BaggingRegressor(n_estimators=50),
        "boosting, 500 stages": GradientBoostingRegressor(**boosting),
        "boosting, stopped early": GradientBoostingRegressor(
            n_iter_no_change=20, tol=0.0, validation_fraction=0.2, **boosting
        ),
    }


def variance(options):
    from sklreg.inspection import bias_variance_decomposition

    tables = {}
    x = np.linspace(0, 1, 101).reshape(-1, 1)
    tables["worked example (cubic, n = 30)"] = {
        name: bias_variance_decomposition(
            model,
            x,
            cubic(x),
            x,
            cubic(x),
            n_rounds=50,
            resample=worked_example,
            random_state=0,
        )
        for name, model in contenders().items()
    }
    if options.data:
        X, y = california(options.data)
        tables["California housing (n = 2000)"] = {
            name: bias_variance_decomposition(
                model,
                X[:2000],
                y[:2000],
                X[2000:6000],
                y[2000:6000],
                n_rounds=20,
                random_state=0,
            )
            for name, model in contenders().items()
        }
    for title, rows in tables.items():
        print(f"{title:32}  error   bias^2  variance")
        for name, found in rows.items():
            parts = (found.error, found.bias, found.variance)
            print(f"  {name:30} " + " ".join(f"{part:7.4f}" for part in parts))
    if options.output:
        _draw_variance(tables, Path(options.output))


def _draw_variance(tables, folder):
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(
        1, len(tables), figsize=(5.5 * len(tables), 3), layout="constrained"
    )
    for ax, (title, rows) in zip(np.atleast_1d(axes), tables.items(), strict=True):
        names = list(rows)[::-1]
        bias = np.array([rows[name].bias for name in names])
        spread = np.array([rows[name].variance for name in names])
        ax.barh(names, bias, color="#0072B2", label="bias²")
        ax.barh(names, spread, left=bias, color="#D55E00", label="variance")
        ax.set(title=title, xlabel="mean squared error")
        # beside the bar of bagging, the shortest in reach
        ax.legend(frameon=False, loc="center right", bbox_to_anchor=(1.0, 0.63))
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "bias_variance.png", dpi=110)


def paths(options):
    from sklearn.datasets import load_diabetes
    from sklearn.preprocessing import scale

    from sklreg.ensemble import ComponentwiseLeastSquares, GradientBoostingRegressor
    from sklreg.linear_model import lasso_path

    sets = {"diabetes": load_diabetes(return_X_y=True)}
    if options.data:
        held = np.load(Path(options.data) / "prostate.npz")
        sets["prostate"] = held["X"], held["y"]
    curves = {}
    for name, (X, y) in sets.items():
        X, y = scale(X), y - y.mean()
        boosted = GradientBoostingRegressor(
            estimator=ComponentwiseLeastSquares(),
            learning_rate=0.02,
            n_estimators=2000,
        ).fit(X, y)
        _, lasso, *_ = lasso_path(X, y, eps=1e-4, alphas=400)
        # both against the L1 norm of the coefficients
        norms = np.abs(lasso).sum(axis=0)
        own = np.abs(boosted.coef_path_).sum(axis=0)
        top = min(norms[-1], own.max())
        grid = np.linspace(0, 1, 101)[1:] * top
        apart = max(
            np.abs(
                np.interp(level, norms, lasso[j])
                - boosted.coef_path_[j, np.argmin(np.abs(own - level))]
            )
            for level in grid
            for j in range(X.shape[1])
        )
        half = max(
            np.abs(
                np.interp(level, norms, lasso[j])
                - boosted.coef_path_[j, np.argmin(np.abs(own - level))]
            )
            for level in grid[:50]
            for j in range(X.shape[1])
        )
        size = np.abs(lasso).max()
        print(
            f"{name}: L2-boosting and the lasso at the same L1 norm differ by at most "
            f"{apart / size:.3f} of the largest coefficient, {half / size:.3f} over "
            "the first half of the path"
        )
        curves[name] = norms, lasso, own, boosted.coef_path_
    if options.output:
        _draw_paths(curves, Path(options.output))
    rates(options)


def _draw_paths(curves, folder):
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(
        len(curves),
        2,
        figsize=(9, 3.6 * len(curves)),
        layout="constrained",
        squeeze=False,
    )
    for row, (name, (norms, lasso, own, boosted)) in zip(
        axes, curves.items(), strict=True
    ):
        for ax, x, coefs, title in (
            (row[0], norms, lasso, "lasso"),
            (row[1], own, boosted, "L2-boosting"),
        ):
            ax.plot(x, coefs.T, lw=1.3)
            ax.set(title=f"{name}, {title}", xlabel="L1 norm of the coefficients")
            ax.set_xlim(0, min(norms[-1], own.max()))
            ax.set_ylim(1.1 * lasso.min(), 1.1 * lasso.max())
    folder.mkdir(parents=True, exist_ok=True)
    fig.savefig(folder / "l2_boosting_paths.png", dpi=110)


def rates(options):
    """Test curves of three learning rates, and where each is stopped."""
    from sklearn.datasets import make_friedman1
    from sklearn.model_selection import train_test_split

    from sklreg.ensemble import GradientBoostingRegressor

    if options.data:
        X, y = california(options.data)
        X, y = X[:4000], y[:4000]
    else:
        X, y = make_friedman1(1500, noise=2.0, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    found = {}
    for rate in (1.0, 0.1, 0.01):
        given = {"learning_rate": rate, "max_depth": 4, "random_state": 0}
        stopped = GradientBoostingRegressor(
            n_estimators=1000, n_iter_no_change=30, tol=0.0, **given
        ).fit(X, y)
        whole = GradientBoostingRegressor(n_estimators=1000, **given)
        whole.fit(X, y, X_val=X_test, y_val=y_test)
        curve = 2 * whole.history_["validation_loss"]
        at = stopped.n_estimators_
        print(
            f"learning_rate={rate}: stopped at {at} of 1000 stages, test error "
            f"{np.mean((stopped.predict(X_test) - y_test) ** 2):.4f}; all stages "
            f"{curve[-1]:.4f}, lowest {curve.min():.4f} at {np.argmin(curve) + 1}"
        )
        found[rate] = curve, at
    if not options.output:
        return
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
    colours = ("#D55E00", "#0072B2", "#009E73")
    for colour, (rate, (curve, at)) in zip(colours, found.items(), strict=True):
        ax.plot(np.arange(1, 1001), curve, color=colour, label=f"learning rate {rate}")
        ax.plot(at, curve[min(at, 1000) - 1], "o", color=colour)
    ax.set(xscale="log", xlabel="stages", ylabel="test error")
    lowest = min(curve.min() for curve, _ in found.values())
    ax.set_ylim(0.9 * lowest, 2.5 * lowest)
    ax.legend(frameon=False, title="dots: stopped early")
    fig.savefig(Path(options.output) / "learning_rates.png", dpi=110)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("speed", "memory", "variance", "paths"))
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", help="folder of the local data sets")
    parser.add_argument("--output", help="folder of the pictures")
    options = parser.parse_args()
    globals()[options.what](options)


if __name__ == "__main__":
    main()
