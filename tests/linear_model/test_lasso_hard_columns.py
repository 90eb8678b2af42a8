"""Lasso and elastic net on hard columns, against extended precision."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as theirs
from sklearn.exceptions import ConvergenceWarning

from sklreg.linear_model import ElasticNet, Lasso
from tests._certificates import duality_gap, null_square, objective, solution
from tests.linear_model._lasso_data import (
    LAYOUTS,
    TIGHT,
    assert_same_coef,
    csc32,
    make_problem,
    make_weights,
)


def with_constant_columns(X):
    return np.column_stack([np.full(len(X), 7.3), X, np.zeros(len(X)), np.ones(len(X))])


def side_by_side(X):
    return X * np.geomspace(1e-6, 1e6, X.shape[1])


def far_from_zero(X):
    return X / X.std(axis=0) + np.geomspace(1e3, 1e6, X.shape[1])


HARD_COLUMNS = {
    "constant": (with_constant_columns, 0.1),
    "12 orders of magnitude": (side_by_side, 1e-7),
    "12 orders, few chosen": (side_by_side, 1e-1),
    "mean / sd up to 1e6": (far_from_zero, 0.1),
}


@pytest.mark.parametrize(
    ("columns", "fit_intercept"),
    # without an intercept columns far from zero are one column, see near-duplicates
    [
        (columns, fit_intercept)
        for columns in HARD_COLUMNS
        for fit_intercept in (True, False)
        if fit_intercept or not columns.startswith("mean")
    ],
)
@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
def test_hard_columns(columns, layout, l1_ratio, weighted, fit_intercept):
    change, alpha = HARD_COLUMNS[columns]
    X, y = make_problem(sparse_like=layout == "csc32", p=9, correlated=0.3)
    X = change(X)
    weight = make_weights(len(y)) if weighted else None
    given = {"alpha": alpha, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    with warnings.catch_warnings():
        if columns == "12 orders of magnitude":
            # the gradient of a column of 1e6 is not known to a part of such an alpha
            warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = ElasticNet(**given, tol=1e-12).fit(LAYOUTS[layout](X), y, weight)
    coef, intercept = solution(X, y, sample_weight=weight, **given)
    assert np.count_nonzero(coef)
    # every coefficient to 1e-7 of what its column contributes to the predictions
    spread = np.sqrt(np.average((X - X.mean(axis=0)) ** 2, axis=0))
    contributions = np.abs(coef * spread).max()
    assert_allclose(
        fitted.coef_ * spread, coef * spread, rtol=0, atol=1e-7 * contributions
    )
    if fit_intercept:
        means = np.abs(X.mean(axis=0))
        atol = 1e-7 * (1.0 + means @ np.abs(coef))
        assert_allclose(fitted.intercept_, intercept, rtol=0, atol=atol)
    if columns == "constant" and fit_intercept:
        assert_array_equal(fitted.coef_[[0, -2, -1]], 0.0)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_sparse_columns_far_from_zero(l1_ratio):
    """Columns without zeros are centred entry by entry, in the sweeps too."""
    X, y = make_problem(sparse_like=False, p=300)
    X = X / X.std(axis=0) + 1e6
    given = {"alpha": 0.3, "l1_ratio": l1_ratio}
    dense = ElasticNet(**given, tol=1e-12).fit(X, y)
    random = {"selection": "random", "random_state": 0, "max_iter": 100_000}
    for model in (ElasticNet(**given, tol=1e-12), ElasticNet(**given, **random)):
        fitted = model.fit(csc32(X), y)
        rtol = 1e-7 if model.selection == "cyclic" else 0.1
        assert_same_coef(fitted.coef_, dense.coef_, rtol=rtol)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("copy_X", [True, False])
@pytest.mark.parametrize("p", [9, 300])
def test_float32_columns_far_from_zero(order, copy_X, p):
    X, y = make_problem(sparse_like=False, p=p)
    X = np.asarray(X + 1e4, dtype=np.float32, order=order)
    coef = Lasso(alpha=0.1, **TIGHT).fit(X.astype(np.float64), y).coef_
    fitted = Lasso(alpha=0.1, copy_X=copy_X, tol=1e-8).fit(X, y)
    # in place, the means can only be taken out as float32
    assert_same_coef(fitted.coef_, coef, rtol=1e-3 if copy_X else 5e-3)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.9])
@pytest.mark.parametrize("p", [8, 150])
@pytest.mark.parametrize("positive", [False, True], ids=["any sign", "positive"])
def test_duplicated_columns_reach_the_same_objective(layout, l1_ratio, p, positive):
    X, y = make_problem(n=40, p=p)
    X = np.column_stack([X, X, -X])
    given = {"alpha": 0.1, "l1_ratio": l1_ratio}
    ours = ElasticNet(**given, positive=positive, **TIGHT).fit(LAYOUTS[layout](X), y)
    reference = theirs.ElasticNet(**given, positive=positive, **TIGHT).fit(X, y)
    value, least = (
        float(objective(X, y, model.coef_, model.intercept_, **given))
        for model in (ours, reference)
    )
    assert_allclose(value, least, rtol=1e-11)
    assert ours.dual_gap_ <= 1e-12 * null_square(y)


@pytest.mark.parametrize("noise", [1e-13, 1e-10, 1e-6, 1e-3])
@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [8, 150])
def test_near_duplicates_converge(noise, layout, p):
    X, y = make_problem(n=40, p=p)
    X = np.column_stack([X, X + noise * np.random.RandomState(5).randn(*X.shape), -X])
    model = Lasso(alpha=0.1, tol=1e-8, max_iter=100_000).fit(LAYOUTS[layout](X), y)
    assert model.dual_gap_ <= 1e-8 * y.var()
    gap = duality_gap(X, y, model.coef_, model.intercept_, alpha=0.1)
    assert_allclose(model.dual_gap_, gap, rtol=1e-5, atol=1e-13 * y.var())


def test_duplicated_columns_with_an_l2_penalty_share_their_coefficient():
    X, y = make_problem()
    fitted = ElasticNet(alpha=0.1, l1_ratio=0.5, **TIGHT).fit(np.hstack([X, X]), y)
    left, right = np.split(fitted.coef_, 2)
    assert_same_coef(left, right)
