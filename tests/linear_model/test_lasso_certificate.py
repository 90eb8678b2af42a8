"""The duality gap of lasso and elastic net, and the warning it gives."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from sklreg.linear_model import ElasticNet, Lasso
from tests._certificates import duality_gap, null_square, objective, solution
from tests.linear_model._lasso_data import (
    LAYOUTS,
    make_problem,
    make_weights,
    with_and_without_intercept,
)

GAPS = {
    "lasso": {"l1_ratio": 1.0},
    "elastic net": {"l1_ratio": 0.4},
    "nearly ridge": {"l1_ratio": 0.01},
    "ridge": {"l1_ratio": 0.0},
}


@pytest.mark.parametrize("penalty", GAPS)
@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("shape", [(50, 12), (40, 300)], ids=str)
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("positive", [False, True], ids=["any sign", "positive"])
@with_and_without_intercept
def test_dual_gap_is_what_the_mathematics_says(
    penalty, layout, shape, weighted, positive, fit_intercept
):
    X, y = make_problem(*shape)
    weight = make_weights(len(y)) if weighted else None
    given = {"alpha": 0.05, "positive": positive, "fit_intercept": fit_intercept}
    given.update(GAPS[penalty])
    scale = null_square(y, sample_weight=weight, fit_intercept=fit_intercept)
    for max_iter, tol in [(1, 0.0), (1000, 1e-4), (100_000, 1e-10)]:
        model = ElasticNet(**given, max_iter=max_iter, tol=tol)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(LAYOUTS[layout](X), y, weight)
        gap = duality_gap(
            X, y, model.coef_, model.intercept_, sample_weight=weight, **given
        )
        assert_allclose(model.dual_gap_, gap, rtol=1e-6, atol=1e-13 * float(scale))
        warned = any(issubclass(w.category, ConvergenceWarning) for w in caught)
        assert warned == (model.dual_gap_ > tol * scale)
        assert not warned or max_iter == 1


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_dual_gap_of_several_targets(l1_ratio):
    X, y = make_problem()
    Y = np.column_stack([y, X[:, 0] - X[:, 3], np.sin(y)])
    model = ElasticNet(alpha=0.05, l1_ratio=l1_ratio, tol=1e-3).fit(X, Y)
    gaps = [
        duality_gap(X, Y[:, k], w, b, alpha=0.05, l1_ratio=l1_ratio)
        for k, (w, b) in enumerate(zip(model.coef_, model.intercept_, strict=True))
    ]
    assert_allclose(model.dual_gap_, gaps, rtol=1e-6, atol=1e-14)
    assert np.all(model.dual_gap_ <= 1e-3 * Y.var(axis=0))


@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_dual_gap_bounds_the_distance_from_the_minimum(tol, l1_ratio):
    X, y = make_problem()
    given = {"alpha": 0.05, "l1_ratio": l1_ratio}
    model = ElasticNet(tol=tol, **given).fit(X, y)
    value = objective(X, y, model.coef_, model.intercept_, **given)
    least = objective(X, y, *solution(X, y, **given), **given)
    assert -1e-14 <= value - least <= model.dual_gap_ + 1e-15
    assert model.dual_gap_ <= tol * y.var()


@pytest.mark.parametrize("layout", ["C", "csc32"])
def test_dual_gap_of_float32_is_computed_in_float64(layout):
    X, y = make_problem()
    X = X.astype(np.float32)
    model = Lasso(alpha=0.05, tol=1e-4).fit(LAYOUTS[layout](X), y)
    gap = duality_gap(X, y, model.coef_, model.intercept_, alpha=0.05)
    assert_allclose(model.dual_gap_, gap, rtol=1e-2, atol=1e-7 * y.var())


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [12, 400])
def test_too_few_iterations_warn_with_the_gap(layout, p):
    X, y = make_problem(p=p)
    model = Lasso(alpha=1e-3, max_iter=1, tol=1e-10)
    with pytest.warns(ConvergenceWarning, match=r"Duality gap: ") as caught:
        model.fit(LAYOUTS[layout](X), y)
    assert f"{model.dual_gap_:.3e}" in str(caught[0].message)
    assert f"tolerance: {1e-10 * y.var():.3e}" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert model.n_iter_ == 1
    assert model.dual_gap_ > 1e-10 * y.var()
