"""Hold the comforts that R's glmnet has against R's glmnet itself.

    python -m benchmarks.beside_glmnet [--data FOLDER]

For each data set and each option the same path is fitted here and by glmnet at
``thresh=1e-14``, and the largest difference of the coefficients is printed, in standard
deviations of y for a change of x by one of its own. Penalties that cross-validation
chooses are compared as they are. Rscript and the R package glmnet must be installed;
with a folder of local files there are more data sets.
"""

import argparse
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import PredefinedSplit

from sklreg.linear_model import ElasticNet, ElasticNetCV

SCRIPT = Path(__file__).with_suffix(".R")
TOLERANCE = 1e-4
FOLDS = 10
GAMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)
LOCAL = {
    "prostate": 1e-3,
    "wine_red": 1e-3,
    "communities_crime": 1e-3,
    "riboflavin": 1e-1,
}


def data_sets(folder):
    """Yield ``(name, X, y, eps)``: the path of each ends at eps * alpha_max."""
    X, y = load_diabetes(return_X_y=True)
    yield "diabetes", X, y, 1e-3
    for name, eps in LOCAL.items() if folder else ():
        with np.load(Path(folder) / f"{name}.npz") as data:
            X, y = data["X"].astype(np.float64), data["y"].astype(np.float64)
        X = X[:, ~np.isnan(X).any(axis=0)]
        yield name, X[:, X.std(axis=0) > 0], y, eps


def options_for(X, y, rng):
    """Return what each option is tried with."""
    n, p = X.shape
    # Least squares on one feature says what size a bound must have to matter.
    size = np.abs(X.T @ y) / np.sum(X**2, axis=0)
    excluded = np.zeros(p)
    excluded[rng.choice(p, size=max(1, p // 5), replace=False)] = 1.0
    factors = rng.uniform(0.3, 3.0, p)
    factors[rng.choice(p, size=2, replace=False)] = 0.0
    return {
        "factors": factors,
        "excluded": excluded,
        "lower": -0.2 * size,
        "upper": np.where(np.arange(p) % 3 == 0, np.inf, 0.3 * size),
        "offset": 0.5 * rng.standard_normal(n),
        "folds": np.arange(n) % FOLDS + 1.0,
    }


def glmnet(X, y, options, alphas, l1_ratio):
    """Run the R script; return what it writes, by case."""
    with tempfile.TemporaryDirectory() as folder:
        arrays = {"X": X.T, "y": y, "alphas": alphas, "l1_ratio": l1_ratio, **options}
        for name, values in arrays.items():
            np.ascontiguousarray(values, np.float64).tofile(f"{folder}/{name}.f64")
        subprocess.run(["Rscript", str(SCRIPT), folder], check=True)
        return {
            path.stem: np.fromfile(path, np.float64)
            for path in Path(folder).glob("*.out")
        }


def compare(X, y, eps, l1_ratio, rng):
    """Yield ``(option, difference, note)`` for one data set."""
    n = len(y) // FOLDS * FOLDS  # folds of equal size: glmnet weighs them by it
    X, y = X[:n], y[:n]
    X = X - X.mean(axis=0)
    y = y - y.mean()
    options = options_for(X, y, rng)
    # glmnet puts y on unit deviation, by which its L2 penalty would be divided.
    y = y / y.std()
    rest = y - options["offset"]
    options["offset"] = y - rest / rest.std()
    # At alpha_max itself rounding decides whether a feature is in, and is refitted.
    top = 0.99 * np.max(np.abs(X.T @ y)) / n / l1_ratio
    alphas = np.geomspace(top, eps * top, 30)
    scale = X.std(axis=0)
    theirs = glmnet(X, y, options, alphas, l1_ratio)

    def path(grid=alphas, offset=None, **parameters):
        model = ElasticNet(
            alpha=grid[-1],
            l1_ratio=l1_ratio,
            tol=1e-13,
            max_iter=100_000,
            store_path=grid,
            **parameters,
        ).fit(X, y, offset=offset)
        return np.vstack([model.path_intercepts_, model.path_coefs_]), model

    def difference(ours, case):
        R = theirs[case].reshape(ours.shape[1], -1).T
        apart = np.abs(ours - R)
        apart[1:] *= scale[:, None]
        return apart.max()

    bounds = (options["lower"], options["upper"])
    cases = {
        "plain": {},
        "standardize": {"standardize": True},
        "penalty_factor": {"penalty_factor": options["factors"]},
        "exclude": {"exclude": options["excluded"] == 1.0},
        "coef_bounds": {"coef_bounds": bounds},
        "bounds_standardize": {"coef_bounds": bounds, "standardize": True},
        "offset": {"offset": options["offset"]},
        "relax_0": {"relax": True, "gamma": 0.0},
        "relax_half": {"relax": True, "gamma": 0.5},
    }
    for case, parameters in cases.items():
        ours, _ = path(**parameters)
        yield case, difference(ours, case), ""

    _, model = path()
    coef, intercept = model.coef_at((alphas[2] + 2 * alphas[3]) / 3)
    yield "coef_at", difference(np.append(intercept, coef)[:, None], "coef_at"), ""

    if l1_ratio < 1.0:
        return  # on folds, too, glmnet divides the L2 penalty by the deviation of y
    validated = {
        "l1_ratio": l1_ratio,
        "alphas": alphas,
        "cv": PredefinedSplit(options["folds"].astype(int)),
        "tol": 1e-13,
        "max_iter": 100_000,
    }
    model = ElasticNetCV(**validated, selection_rule="1se").fit(X, y)
    means = np.abs(model.mse_path_.mean(axis=-1) - theirs["cv_mean"]).max()
    yield "errors of folds", means, ""
    ours = np.array([model.alpha_min_, model.alpha_1se_])
    yield _rule("1-SE rule", ours, theirs["cv_rule"])

    validated |= {"relax": True, "gamma": GAMMAS}
    least = ElasticNetCV(**validated).fit(X, y)
    within = ElasticNetCV(**validated, selection_rule="1se").fit(X, y)
    errors = np.squeeze(least.relaxed_mse_path_).mean(axis=-1)[::-1]
    R = theirs["cv_relax_mean"].reshape(errors.shape)
    yield "errors of relaxed folds", np.abs(errors - R).max(), ""
    ours = np.array([least.alpha_, least.gamma_, within.alpha_, within.gamma_])
    yield _rule("1-SE rule, relaxed", ours, theirs["cv_relax_rule"])


def _rule(name, ours, theirs):
    chosen = " ".join(f"{value:.4g}" for value in ours)
    return name, np.abs(ours - theirs).max() / np.abs(theirs).max(), chosen


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the local data sets")
    parser.add_argument("--only", nargs="+", help="names of data sets")
    options = parser.parse_args(arguments)
    warnings.simplefilter("error")
    worst = 0.0
    print(f"{'data set':<20}{'l1_ratio':>8}  {'option':<24}{'difference':>11}  chosen")
    for name, X, y, eps in data_sets(options.data):
        if options.only and name not in options.only:
            continue
        for l1_ratio in (1.0, 0.5):
            rng = np.random.default_rng(0)
            for case, apart, note in compare(X, y, eps, l1_ratio, rng):
                worst = max(worst, apart)
                print(f"{name:<20}{l1_ratio:>8}  {case:<24}{apart:>11.1e}  {note}")
                sys.stdout.flush()
    print(f"largest difference {worst:.1e}, allowed {TOLERANCE:.0e}")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
