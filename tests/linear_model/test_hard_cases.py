"""Least squares at its hardest: every fit converges, by a certificate of our own."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from sklreg.linear_model import ElasticNet, Lasso, LassoCV, lasso_path
from tests._certificates import duality_gap


def certified(model, X, y, *, within):
    """Fit, and hold the gap against one computed in extended precision.

    No warning passes: the suite turns them into errors.
    """
    model.fit(X, y)
    variance = np.var(y) if model.fit_intercept else np.mean(y**2)
    gap = duality_gap(
        X,
        y,
        model.coef_,
        model.intercept_,
        alpha=model.alpha,
        l1_ratio=model.l1_ratio,
        fit_intercept=model.fit_intercept,
    )
    assert gap <= within * variance
    assert model.dual_gap_ <= model.tol * variance
    return model


def normal(n, p, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X[:, :8] @ np.arange(1.0, 9.0) + rng.normal(size=n), rng


@pytest.mark.parametrize("p", [50, 300])
@pytest.mark.parametrize("alpha", [1.0, 1e-2, 1e-4])
def test_duplicated_and_nearly_duplicated_columns(p, alpha):
    X, y, rng = normal(100, p)
    X[:, 1] = X[:, 0] + 1e-7 * rng.normal(size=100)
    X[:, 3], X[:, 5] = X[:, 2], -X[:, 4]
    certified(Lasso(alpha=alpha, tol=1e-12), X, y, within=1e-12)


@pytest.mark.parametrize("p", [60, 300])
def test_as_many_features_as_rows_far_down_the_path(p):
    X, y, _ = normal(p, p)
    top = np.abs(X.T @ (y - y.mean())).max() / p
    certified(Lasso(alpha=top / 1e4, tol=1e-10), X, y, within=1e-10)
    gaps = lasso_path(X, y, eps=1e-4, alphas=30, tol=1e-10, fit_intercept=True)[2]
    assert gaps.max() <= 1e-10 * y.var()


@pytest.mark.parametrize("shape", [(90, 30), (30, 90), (60, 60), (40, 300)])
@pytest.mark.filterwarnings("ignore:With alpha=0:UserWarning")
def test_no_penalty_is_least_squares(shape):
    X, y, _ = normal(*shape)
    model = Lasso(alpha=0, tol=1e-12).fit(X, y)
    A = X - X.mean(axis=0)
    best = np.linalg.lstsq(A, y - y.mean(), rcond=None)[0]
    assert_allclose(model.predict(X), A @ best + y.mean(), atol=1e-5)


def adversary(p):
    """The design of Mairal and Yu (2012), whose path has (3**p + 1) / 2 pieces.

    Each new feature needs the smallest kink so far; it is looked for on a grid.
    """
    X, y, kink = np.array([[1.0]]), np.array([1.0]), 1.0
    for size in range(2, p + 1):
        a = 0.9 * kink / (2 * y @ y + 1.0)
        column = np.append(2 * a * y, a)
        X = np.column_stack([np.vstack([X, np.zeros(X.shape[1])]), column])
        y = np.append(y, 1.0)
        pieces, kink, _ = pieces_of(X, y, 10.0**-size, 4000)
    return X, y, pieces


def pieces_of(X, y, eps, n_alphas):
    """Count the sign patterns along a path; return the last change's penalty too."""
    n = len(y)
    grid = np.geomspace(1.0, eps, n_alphas) * np.abs(X.T @ y).max()
    _, coefs, gaps = lasso_path(X, y, alphas=grid / n, tol=1e-16, max_iter=10**4)
    signs = np.sign(coefs).T
    changes = np.flatnonzero(np.any(signs[1:] != signs[:-1], axis=1))
    return len(changes) + 1, grid[changes[-1]], gaps.max() / (y @ y / n)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_path_with_exponentially_many_kinks():
    X, y, pieces = adversary(3)
    assert pieces == (3**3 + 1) // 2
    # Among columns of zeros the exact active set follows the same path.
    padded = np.hstack([X, np.zeros((3, 260))])
    pieces, _, gap = pieces_of(padded, y, 1e-3, 4000)
    assert pieces == (3**3 + 1) // 2
    assert gap <= 1e-14


@pytest.mark.parametrize("p", [30, 280])
def test_columns_over_twelve_orders_of_magnitude(p):
    for seed in range(12):
        X, y, rng = normal(60, p, seed)
        X *= 10.0 ** rng.uniform(-6, 6, p)
        top = np.abs(X.T @ (y - y.mean())).max() / 60
        alpha = top * 10.0 ** rng.uniform(-8, -2)
        Lasso(alpha=alpha, tol=1e-12).fit(X, y)  # without a warning
        # A feature's unit does not change what is predicted.
        units = 2.0 ** -np.round(np.log2(np.abs(X).max(axis=0)))
        ours = ElasticNet(alpha=0.3, l1_ratio=1, standardize=True, tol=1e-12)
        scaled = Lasso(alpha=0.3, standardize=True, tol=1e-12).fit(X * units, y)
        assert_allclose(ours.fit(X, y).predict(X), scaled.predict(X * units), rtol=1e-6)


@pytest.mark.parametrize("p", [20, 300])
@pytest.mark.parametrize("as_sparse", [False, True])
def test_nothing_to_fit(p, as_sparse):
    X, y, _ = normal(12, p)
    convert = sparse.csc_array if as_sparse else np.asarray
    constant = Lasso(alpha=0.1).fit(convert(X), np.full(12, 3.0))
    empty = Lasso(alpha=0.1).fit(convert(0.0 * X), y)
    alone = Lasso(alpha=0.1).fit(convert(X[:1]), y[:1])
    for model, target in ((constant, 3.0), (empty, y.mean()), (alone, y[0])):
        assert_array_equal(model.coef_, 0.0)
        assert model.dual_gap_ <= 1e-16
        assert_allclose(model.intercept_, target)
    certified(Lasso(alpha=0.1, fit_intercept=False), convert(X[:1]), y[:1], within=1e-4)
    assert_array_equal(LassoCV(cv=3).fit(convert(X), np.full(12, 3.0)).coef_, 0.0)
    assert_array_equal(LassoCV(cv=3).fit(convert(0.0 * X), y).coef_, 0.0)


def test_too_few_iterations_are_told():
    X, y, _ = normal(60, 40)
    with pytest.warns(ConvergenceWarning, match="Duality gap"):
        Lasso(alpha=1e-4, tol=1e-14, max_iter=1).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Lasso(alpha=1e-4, tol=1e-14).fit(X, y)
