"""Regression and classification problems by name: synthetic, local files, OpenML, …

Names read as specifications, so that a configuration is a list of strings:

================================  ==================================================
``dense-10000x1000``              correlated Gaussian columns, Fortran order
``shifted-10000x1000``            the same, each column one higher: not centred
``sparse-20000x100000-0.001``     CSC, the last number is the density
``labels-…``                      any of these with classes drawn from the target
``digits``                        scikit-learn's set of ten classes
``diabetes``, ``diabetes-cubic``  scikit-learn's set, raw and with cubic features
``local-riboflavin``              a file of the folder in ``SKLREG_BENCHMARK_DATA``
``openml-<id>``                   downloaded by scikit-learn (needs the internet)
================================  ==================================================
"""

import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

DATA_VARIABLE = "SKLREG_BENCHMARK_DATA"


class UnavailableError(Exception):
    """The data of a problem are not on this machine."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A design (Fortran-ordered array or CSC matrix, float64) and a target."""

    name: str
    X: np.ndarray | sparse.csc_matrix
    y: np.ndarray


def load(name):
    """Build or read the problem called `name`."""
    for pattern, build in _BUILDERS.items():
        if match := re.fullmatch(pattern, name):
            X, y = build(*match.groups(), rng=np.random.default_rng(_seed(name)))
            return Problem(name, _kernel_layout(X), np.ascontiguousarray(y, float))
    raise ValueError(f"unknown problem {name!r}; known: {', '.join(_BUILDERS)}")


def _seed(name):
    return zlib.crc32(name.encode())


def _kernel_layout(X):
    """Every peer but one works on columns; the odd one converts for itself."""
    if sparse.issparse(X):
        X = sparse.csc_matrix(X, dtype=np.float64)
        X.sort_indices()
        return X
    return np.asfortranarray(X, dtype=np.float64)


# --- synthetic ------------------------------------------------------------------


def correlated(n, p, *, rng):
    """Column j = 0.5 · column (j - 1) + noise; a sparse truth, noise at SNR 5."""
    rows = rng.standard_normal((int(p), int(n)))
    for j in range(1, int(p)):
        rows[j] += 0.5 * rows[j - 1]
    return rows.T, _response(rows.T, rng)


def shifted(n, p, *, rng):
    """The same with columns of mean one: the intercept has work to do."""
    X, y = correlated(n, p, rng=rng)
    return X + 1.0, y


def scattered(n, p, density, *, rng):
    """Gaussian values at uniformly drawn places, about `density` of them."""
    n, p = int(n), int(p)
    places = np.unique(rng.integers(0, n * p, size=round(float(density) * n * p)))
    columns, rows = np.divmod(places, n)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=p))])
    values = np.abs(rng.standard_normal(len(places)))
    X = sparse.csc_matrix((values, rows, indptr), shape=(n, p))
    return X, _response(X, rng)


def _response(X, rng):
    n, p = X.shape
    weights = np.zeros(p)
    support = rng.choice(p, size=min(100, max(1, p // 10)), replace=False)
    weights[support] = rng.standard_normal(len(support))
    signal = X @ weights
    return 3.0 + signal + rng.standard_normal(n) * signal.std() / np.sqrt(5.0)


def labelled(name, *, rng):
    """The same design; the target's place above its mean is the log-odds of 1."""
    problem = load(name)
    odds = 2.0 * (problem.y - problem.y.mean()) / problem.y.std()
    return problem.X, rng.random(len(odds)) < 1.0 / (1.0 + np.exp(-odds))


# --- scikit-learn and OpenML ----------------------------------------------------


def diabetes(*, rng):
    from sklearn.datasets import load_diabetes

    return load_diabetes(return_X_y=True, scaled=False)


def digits(*, rng):
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return _unit_scale(X), y


def diabetes_cubic(*, rng):
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    X, y = diabetes(rng=rng)
    X = PolynomialFeatures(3, include_bias=False).fit_transform(_unit_scale(X))
    return StandardScaler(with_mean=False).fit_transform(X), y


def openml(identifier, *, rng):
    from sklearn.datasets import fetch_openml

    frame = fetch_openml(data_id=int(identifier), as_frame=True)
    numeric = frame.data.select_dtypes("number").dropna(axis=1)
    return _unit_scale(numeric.to_numpy(float)), frame.target.to_numpy(float)


# --- a folder of local files ----------------------------------------------------


def local(name, *, rng):
    folder = os.environ.get(DATA_VARIABLE)
    if folder is None:
        raise UnavailableError(f"set {DATA_VARIABLE} or pass --data for local-{name}")
    try:
        return _LOCAL.get(name, _arrays)(Path(folder), name)
    except FileNotFoundError as error:
        raise UnavailableError(str(error)) from error


def _arrays(folder, name):
    with np.load(folder / f"{name}.npz") as data:
        return data["X"].astype(float), data["y"].astype(float)


def _tecator(folder, name):
    X, targets = _arrays(folder, name)
    return X, targets[:, 1] if targets.ndim == 2 else targets


def _mice(folder, name):
    X, y = _arrays(folder, name)
    return X, y[:, 0] if y.ndim == 2 else y


def _flights(folder, name):
    with np.load(folder / f"{name}.npz") as data:
        levels = [
            np.eye(len(data[f"{key}_names"]))[data[key]]
            for key in ("carrier", "origin", "dest")
        ]
        return _unit_scale(np.hstack([data["X"].astype(float), *levels])), data["y"]


def _newsgroups(folder, name):
    from sklearn.feature_extraction.text import TfidfTransformer

    path = folder / f"{name}.npz"
    counts = sparse.load_npz(path)
    with np.load(path) as data:
        computing = (data["y"] >= 1) & (data["y"] <= 5)  # the comp.* groups
    return TfidfTransformer().fit_transform(counts), np.where(computing, 1.0, -1.0)


def _all_newsgroups(folder, name):
    from sklearn.feature_extraction.text import TfidfTransformer

    path = folder / "20newsgroups_counts.npz"
    counts = sparse.load_npz(path)
    with np.load(path) as data:
        return TfidfTransformer(sublinear_tf=True).fit_transform(counts), data["y"]


def _scaled(folder, name):
    X, y = _arrays(folder, name)
    return _unit_scale(X), y


def _housing(folder, name):
    import pandas as pd

    table = pd.read_csv(folder / f"{name}.csv.gz")
    y = table.pop("median_house_value").to_numpy(float)
    table = pd.get_dummies(table, dtype=float)
    return _unit_scale(table.fillna(table.median()).to_numpy()), y


_LOCAL = {
    "meats_tecator": _tecator,
    "mice_snp": _mice,
    "nycflights13": _flights,
    "20newsgroups_counts": _newsgroups,
    "20newsgroups_tfidf": _all_newsgroups,
    "khan_srbct": _scaled,
    "california_housing": _housing,
}


def _unit_scale(X):
    """Divide by the standard deviation; the means stay, for the intercept's sake."""
    spread = X.std(axis=0)
    return X / np.where(spread > 0, spread, 1.0)


_BUILDERS = {
    r"labels-(.+)": labelled,
    r"digits": digits,
    r"dense-(\d+)x(\d+)": correlated,
    r"shifted-(\d+)x(\d+)": shifted,
    r"sparse-(\d+)x(\d+)-([\d.e-]+)": scattered,
    r"diabetes": diabetes,
    r"diabetes-cubic": diabetes_cubic,
    r"local-(\w+)": local,
    r"openml-(\d+)": openml,
}
