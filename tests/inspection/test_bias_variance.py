"""Squared error, split into squared bias and variance."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from sklreg.inspection import bias_variance_decomposition


def test_parts_are_those_of_least_squares():
    """Known in closed form: no bias, and variance sigma^2 p / n on the design."""
    rng = np.random.RandomState(0)
    X = rng.randn(40, 4)
    truth = X @ [1.0, -2.0, 0.5, 3.0]

    def sample(rng):
        return X, truth + 0.7 * rng.randn(40)

    found = bias_variance_decomposition(
        LinearRegression(fit_intercept=False),
        X,
        truth,
        X,
        truth,
        n_rounds=2000,
        resample=sample,
        random_state=0,
    )
    assert_allclose(found.variance, 0.49 * 4 / 40, rtol=0.05)
    assert found.bias < 1e-3
    assert_allclose(found.error, found.bias + found.variance)
    assert found.predictions.shape == (2000, 40)


@pytest.mark.parametrize("resample", ["bootstrap", "half"])
def test_a_constant_has_its_bias_only(resample):
    X, y = np.zeros((30, 1)), np.arange(30.0)
    model = DummyRegressor(strategy="constant", constant=4.0)
    found = bias_variance_decomposition(model, X, y, X, y, resample=resample)
    assert found.variance == 0.0
    assert_allclose(found.bias, np.mean((y - 4.0) ** 2))


def test_seeds_repeat_it_and_bad_shapes_are_refused():
    rng = np.random.RandomState(0)
    X, y = rng.randn(30, 2), rng.randn(30)
    tree = DecisionTreeRegressor(max_features=1)
    runs = [
        bias_variance_decomposition(tree, X, y, X, y, n_rounds=5, random_state=1)
        for _ in range(2)
    ]
    assert np.array_equal(runs[0].predictions, runs[1].predictions)
    with pytest.raises(ValueError, match="X_test, y_test"):
        bias_variance_decomposition(tree, X, y, X, y[:-1])
    with pytest.raises(ValueError, match="n_rounds"):
        bias_variance_decomposition(tree, X, y, X, y, n_rounds=1)
