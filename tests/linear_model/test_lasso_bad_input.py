"""What lasso and elastic net refuse."""

import numpy as np
import pytest

from sklreg.linear_model import Lasso
from tests.linear_model._lasso_data import (
    LAYOUTS,
    make_problem,
)


@pytest.mark.parametrize("strings", [["a", "b"], ["1.5", "x"]])
def test_targets_that_are_words_are_refused(strings):
    X, _ = make_problem()
    with pytest.raises(ValueError, match="could not convert string"):
        Lasso().fit(X, np.resize(np.array(strings), len(X)))


@pytest.mark.parametrize(
    "weight, message",
    [
        (-1.0, "[Nn]egative"),
        (np.nan, "NaN"),
        (np.inf, "infinity"),
    ],
)
def test_bad_weights(weight, message):
    X, y = make_problem()
    weights = np.ones(len(y))
    weights[4] = weight
    model = Lasso()
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, sample_weight=weights)
    assert not hasattr(model, "coef_")
    with pytest.raises(ValueError, match="zero"):
        model.fit(X, y, sample_weight=0 * y)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("layout", ["C", "F", "csc32"])
@pytest.mark.parametrize("p", [12, 300])
def test_overflow_is_an_error_not_a_result(layout, p):
    X, y = make_problem(p=p)
    model = Lasso(alpha=0.1).fit(X, y)
    coef = model.coef_
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="non-finite"):
        model.fit(LAYOUTS[layout](X * 1e200), y)
    assert model.coef_ is coef


@pytest.mark.parametrize(
    "gram, message",
    [
        (np.eye(3), "shape"),
        (np.full((12, 12), np.nan), "NaN"),
        (np.ones((12, 12)), "did not pass validation"),
    ],
)
def test_wrong_gram_matrices_are_refused(gram, message):
    X, y = make_problem()
    with pytest.raises(ValueError, match=message):
        Lasso(precompute=gram).fit(X - X.mean(axis=0), y)
