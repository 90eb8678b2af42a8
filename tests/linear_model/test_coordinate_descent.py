"""Lasso and ElasticNet give the coefficients of scikit-learn's.

What holds for every estimator of the package is in tests/common.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as theirs

from sklreg.linear_model import ElasticNet, Lasso
from tests.linear_model._lasso_data import (
    LAYOUTS,
    TIGHT,
    assert_same_coef,
    every_layout,
    make_problem,
    make_weights,
    with_and_without_intercept,
)


@every_layout
@with_and_without_intercept
@pytest.mark.parametrize("shape", [(50, 12), (30, 80), (40, 300), (12, 12)], ids=str)
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("positive", [False, True], ids=["any sign", "positive"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
def test_coefficients_equal_scikit_learns(
    layout, fit_intercept, shape, weighted, positive, l1_ratio
):
    X, y = make_problem(*shape)
    weight = make_weights(len(y)) if weighted else None
    arguments = {
        "alpha": 0.1,
        "l1_ratio": l1_ratio,
        "fit_intercept": fit_intercept,
        "positive": positive,
        **TIGHT,
    }
    ours = ElasticNet(**arguments).fit(LAYOUTS[layout](X), y, weight)
    reference = theirs.ElasticNet(**arguments).fit(X, y, weight)
    assert 0 < np.count_nonzero(reference.coef_) < shape[1]
    assert_same_coef(ours.coef_, reference.coef_)
    assert_allclose(ours.intercept_, reference.intercept_, rtol=1e-7, atol=1e-7)
    assert ours.coef_.dtype == np.float64


@every_layout
@with_and_without_intercept
@pytest.mark.parametrize("shape", [(50, 12), (40, 300)], ids=str)
def test_float32_is_kept_and_close_to_float64(layout, fit_intercept, shape):
    X, y = make_problem(*shape)
    X, y = X.astype(np.float32), y.astype(np.float32)
    arguments = {"alpha": 0.1, "fit_intercept": fit_intercept, **TIGHT}
    ours = Lasso(**arguments).fit(LAYOUTS[layout](X), y)
    wide = Lasso(**arguments).fit(X.astype(np.float64), y.astype(np.float64))
    assert ours.coef_.dtype == np.float32
    assert ours.predict(X).dtype == np.float32
    assert_same_coef(ours.coef_, wide.coef_, rtol=1e-6)
    assert_allclose(ours.intercept_, wide.intercept_, rtol=1e-6, atol=1e-6)


@every_layout
@pytest.mark.parametrize("targets", [1, 3])
def test_targets_are_fitted_one_by_one(layout, targets):
    X, _ = make_problem()
    Y = X[:, :targets] * [1.0, -2.0, 3.0][:targets]
    Y = Y + np.random.RandomState(3).randn(*Y.shape)
    ours = Lasso(alpha=0.1, **TIGHT).fit(LAYOUTS[layout](X), Y)
    reference = theirs.Lasso(alpha=0.1, **TIGHT).fit(X, Y)
    assert ours.coef_.shape == reference.coef_.shape
    assert ours.intercept_.shape == reference.intercept_.shape == (targets,)
    assert np.shape(ours.dual_gap_) == np.shape(reference.dual_gap_)
    assert np.shape(ours.n_iter_) == np.shape(reference.n_iter_)
    assert_same_coef(ours.coef_, reference.coef_)
    for k, row in enumerate(np.atleast_2d(ours.coef_)):
        alone = Lasso(alpha=0.1, **TIGHT).fit(X, Y[:, k])
        assert_same_coef(row, alone.coef_)


@pytest.mark.parametrize("n_targets", [60])
def test_many_targets(n_targets):
    X, _ = make_problem(n=40, p=6)
    Y = X @ np.random.RandomState(0).randn(6, n_targets)
    ours = Lasso(alpha=0.05, **TIGHT).fit(X, Y)
    reference = theirs.Lasso(alpha=0.05, **TIGHT).fit(X, Y)
    assert_same_coef(ours.coef_, reference.coef_)
    assert len(ours.n_iter_) == len(ours.dual_gap_) == n_targets


@pytest.mark.parametrize("precompute", [True, "given"])
@with_and_without_intercept
def test_gram_matrix_made_first_or_given(precompute, fit_intercept):
    X, y = make_problem()
    if precompute == "given":
        X = X - X.mean(axis=0)
        precompute = X.T @ X
    arguments = {"alpha": 0.1, "fit_intercept": fit_intercept, **TIGHT}
    ours = Lasso(precompute=precompute, **arguments).fit(X, y)
    assert_same_coef(ours.coef_, theirs.Lasso(**arguments).fit(X, y).coef_)


@pytest.mark.parametrize("copy_X", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_copy_X_says_whether_the_data_may_change(copy_X, order, dtype):
    X, y = make_problem()
    X = np.array(X, dtype=dtype, order=order)
    given = X.copy()
    fitted = Lasso(alpha=0.1, copy_X=copy_X, **TIGHT).fit(X, y)
    if copy_X:
        assert_array_equal(X, given)
    reference = Lasso(alpha=0.1, **TIGHT).fit(given, y)
    rtol = 1e-9 if dtype == np.float64 else 1e-5
    assert_same_coef(fitted.coef_, reference.coef_, rtol=rtol)
    assert_allclose(fitted.intercept_, reference.intercept_, rtol=rtol, atol=rtol)
