"""Lasso and elastic net on small, empty and degenerate problems."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as theirs

from sklreg.linear_model import ElasticNet, Lasso
from tests._certificates import duality_gap, null_square
from tests.linear_model._lasso_data import (
    LAYOUTS,
    TIGHT,
    assert_same_coef,
    make_problem,
    with_and_without_intercept,
)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("alpha", [0.1, 1e-8])
@with_and_without_intercept
@pytest.mark.parametrize("value", [0.0, 3.7, -1e4, 1e-300])
def test_constant_target(layout, alpha, fit_intercept, value):
    X, _ = make_problem(p=4)
    y = np.full(len(X), value)
    model = Lasso(alpha=alpha, fit_intercept=fit_intercept)
    model.fit(LAYOUTS[layout](X), y)
    assert model.dual_gap_ <= 1e-4 * null_square(y, fit_intercept=fit_intercept)
    if fit_intercept:
        assert_array_equal(model.coef_, 0.0)
        assert model.intercept_ == value
    else:
        assert model.intercept_ == 0.0
        assert np.any(model.coef_) == (abs(value) > 1.0)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@with_and_without_intercept
def test_single_row(layout, fit_intercept):
    X, y = np.array([[1.0, 2.0, 3.0]]), np.array([4.0])
    model = Lasso(alpha=0.3, fit_intercept=fit_intercept, **TIGHT)
    model.fit(LAYOUTS[layout](X), y)
    if fit_intercept:
        assert_array_equal(model.coef_, 0.0)
        assert model.intercept_ == 4.0
    else:
        # only the largest column is used: 3 (4 - 3 w) = 0.3
        assert_allclose(model.coef_, [0.0, 0.0, (12.0 - 0.3) / 9.0])


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.filterwarnings("ignore:With alpha=0")
def test_all_columns_zero(layout, alpha):
    y = np.arange(6.0)
    model = Lasso(alpha=alpha).fit(LAYOUTS[layout](np.zeros((6, 3))), y)
    assert_array_equal(model.coef_, 0.0)
    assert model.intercept_ == 2.5
    assert_allclose(model.dual_gap_, 0.0, atol=1e-15)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("slope", [2.0, -2.0])
@pytest.mark.parametrize("positive", [False, True])
def test_one_feature_is_soft_thresholded(layout, slope, positive):
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    model = Lasso(alpha=0.5, positive=positive, **TIGHT)
    model.fit(LAYOUTS[layout](x[:, None]), slope * x + 10.0)
    expected = np.sign(slope) * (4.0 - 0.5) / 2.0
    assert_allclose(model.coef_, [max(0.0, expected) if positive else expected])
    assert_allclose(model.intercept_, 10.0)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("shape", [(50, 12), (40, 300)], ids=str)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_coefficients_are_zero_from_alpha_max_on(layout, shape, l1_ratio):
    X, y = make_problem(*shape)
    alpha_max = np.abs(X.T @ (y - y.mean())).max() / len(y) / l1_ratio
    at, below = (
        ElasticNet(alpha=factor * alpha_max, l1_ratio=l1_ratio, **TIGHT)
        for factor in (1 + 1e-9, 0.99)
    )
    data = LAYOUTS[layout](X)
    assert_array_equal(at.fit(data, y).coef_, 0.0)
    assert np.count_nonzero(below.fit(data, y).coef_) == 1


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@with_and_without_intercept
def test_no_penalty_is_least_squares(layout, fit_intercept):
    X, y = make_problem()
    model = Lasso(alpha=0.0, fit_intercept=fit_intercept, **TIGHT)
    with pytest.warns(UserWarning, match="With alpha=0"):
        model.fit(LAYOUTS[layout](X), y)
    reference = theirs.LinearRegression(fit_intercept=fit_intercept).fit(X, y)
    assert_same_coef(model.coef_, reference.coef_, rtol=1e-6)


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("shape", [(50, 12), (20, 20), (20, 60)], ids=str)
@pytest.mark.parametrize("alpha, tol", [(1e-4, 1e-8), (1e-7, 1e-6)])
def test_tiny_penalty(layout, shape, alpha, tol):
    X, y = make_problem(*shape)
    model = Lasso(alpha=alpha, tol=tol, max_iter=100_000)
    model.fit(LAYOUTS[layout](X), y)
    assert model.dual_gap_ <= tol * y.var()
    gap = duality_gap(X, y, model.coef_, model.intercept_, alpha=alpha)
    assert_allclose(gap, model.dual_gap_, rtol=1e-5, atol=1e-13 * y.var())


@pytest.mark.parametrize("scale", [1e-150, 1e-20, 1e20, 1e140])
@pytest.mark.parametrize("layout", ["C", "csc32"])
def test_units_of_the_target_do_not_matter(scale, layout):
    X, y = make_problem()
    one = Lasso(alpha=0.1, **TIGHT).fit(X, y)
    model = Lasso(alpha=0.1 * scale, **TIGHT).fit(LAYOUTS[layout](X), scale * y)
    assert_same_coef(model.coef_ / scale, one.coef_)


@pytest.mark.parametrize("y_dtype", [int, bool, np.int8, np.float32, object])
def test_targets_of_other_dtypes(y_dtype):
    X, y = make_problem()
    y = (y > y.mean()).astype(y_dtype)
    model = Lasso(alpha=0.01).fit(X, y)
    assert_allclose(
        model.coef_, Lasso(alpha=0.01).fit(X, y.astype(float)).coef_, rtol=1e-6
    )
    assert model.coef_.dtype == np.float64
