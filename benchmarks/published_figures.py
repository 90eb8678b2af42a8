"""The prostate figures of *The Elements of Statistical Learning*, beside their source.

``python -m benchmarks.published_figures --data FOLDER`` reads ``prostate.npz`` (arrays
``X`` of shape (97, 8), ``y`` and the mask ``train`` of the 67 training rows) and prints
each figure of Table 3.3 beside the one that was published. It ends with status 1 if
one differs in a digit that was printed.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from sklreg.linear_model import Lasso, Ridge

COLUMNS = ["intercept", "lcavol", "lweight", "age", "lbph", "svi", "lcp", "gleason"]
COLUMNS += ["pgg45", "test error"]
# Intercept, coefficients and test error. The lasso's are those of the given alpha.
PUBLISHED = {
    "least squares": (
        Ridge(alpha=0.0, solver="svd"),
        "2.465 .680 .263 -.141 .210 .305 -.288 -.021 .267 .521",
    ),
    "ridge, 5 df": (
        Ridge(alpha=23.999),
        "2.464 .421 .239 -.048 .162 .227 .000 .041 .132 .490",
    ),
    "lasso, .22817": (
        Lasso(alpha=0.22817, tol=1e-10),
        "2.469 .533 .176 0 0 .074 0 0 0 .490",
    ),
}


def measure(model, X, y, train):
    """Return intercept, coefficients and test error after a fit on the training rows.

    All rows take part in the standardisation, as in the book.
    """
    X = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    model.fit(X[train], y[train])
    errors = (model.predict(X[~train]) - y[~train]) ** 2
    return np.array([model.intercept_, *model.coef_, errors.mean()])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of prostate.npz")
    options = parser.parse_args(arguments)
    with np.load(Path(options.data) / "prostate.npz") as data:
        X, y, train = data["X"], data["y"], data["train"].astype(bool)
    worst = 0.0
    for name, (model, figures) in PUBLISHED.items():
        published = np.array([float(figure) for figure in figures.split()])
        measured = measure(model, X, y, train)
        worst = max(worst, np.abs(measured - published).max())
        print(f"{name:14}{'published':>12}{'measured':>12}")
        for row in zip(COLUMNS, published, measured, strict=True):
            print("  {:12}{:12.3f}{:12.4f}".format(*row))
    print(f"largest difference: {worst:.5f}")
    return int(worst > 0.0006)


if __name__ == "__main__":
    sys.exit(main())
