"""Problems, layouts and comparisons for the tests of the lasso and elastic net."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

TIGHT = {"tol": 1e-12, "max_iter": 100_000}


def csc64(X):
    X = sparse.csc_array(X)
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def csc32(X):
    X = sparse.csc_array(X)
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return X


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "csc32": csc32,
    "csc64": csc64,
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
with_and_without_intercept = pytest.mark.parametrize(
    "fit_intercept", [True, False], ids=["intercept", "through zero"]
)


def make_problem(n=50, p=12, seed=0, sparse_like=True, correlated=0.5):
    """Correlated columns of different means, half of their entries zero."""
    rng = np.random.RandomState(seed)
    X = rng.randn(n, p) + correlated * rng.randn(n, 1) + 0.5 * rng.randn(p)
    if sparse_like:
        X[rng.rand(n, p) < 0.5] = 0.0
    w = np.zeros(p)
    w[: max(1, p // 3)] = rng.randn(max(1, p // 3))
    y = X @ w + 0.5 * rng.randn(n) + 3.0
    return X, y


def make_weights(n, seed=1):
    weight = np.random.RandomState(seed).randint(0, 4, n).astype(float)
    weight[0] = 0.0
    return weight


def assert_same_coef(ours, reference, rtol=1e-7):
    """Equal relative to the largest coefficient."""
    assert_allclose(ours, reference, rtol=0, atol=rtol * np.abs(reference).max())
