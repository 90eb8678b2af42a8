"""What the perceptrons refuse, and what an overflow leaves."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from sklreg.neural_network import MLPClassifier, MLPRegressor
from tests.neural_network._mlp_data import QUIET, both, data, diabetes, digits, small

pytestmark = QUIET


IMPOSSIBLE = [
    ({"dropout": [0.1]}, "dropout must be one rate or one for each of the 2"),
    ({"dropout": [0.1, 1.0]}, "dropout must hold rates"),
    ({"structured_dropout": [0.1, 0.1, 0.1]}, "structured_dropout"),
    ({"residual": True, "hidden_layer_sizes": (5, 6)}, "same width"),
    ({"stochastic_depth": 0.5}, "residual=True"),
    ({"cutmix_alpha": 1.0}, "image_shape"),
    ({"cutmix_alpha": 1.0, "image_shape": (3, 3)}, "image_shape"),
    ({"image_shape": (0, 3)}, "image_shape"),
    ({"weight_noise": ("poisson", 0.1)}, "weight_noise"),
    ({"input_noise": ("gaussian", -1)}, "input_noise"),
    ({"activation_noise": (1, 2, 3)}, "activation_noise"),
    ({"batch_norm": True, "batch_size": 1}, "batch_norm"),
    ({"hidden_layer_sizes": (5, 0)}, "hidden_layer_sizes"),
    ({"solver": "lbfgs", "dropout": 0.5}, "dropout.*solver"),
    ({"solver": "lbfgs", "l1_ratio": 0.5}, "l1_ratio.*solver"),
    ({"solver": "lbfgs", "max_norm": 1.0}, "max_norm.*solver"),
    ({"solver": "lbfgs", "mixup_alpha": 1.0}, "mixup_alpha.*solver"),
]


@both
@pytest.mark.parametrize("arguments, message", IMPOSSIBLE)
def test_what_cannot_be_is_refused_by_name(cls, arguments, message):
    X, y = data(cls)
    model = small(cls, **arguments)
    before = set(vars(model))
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert set(vars(model)) == before


def test_other_targets_than_before_are_refused():
    X, y = diabetes()
    model = small(MLPRegressor, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="2 outputs"):
        model.fit(X, np.column_stack([y, y]))
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        model.set_params(hidden_layer_sizes=(3,)).fit(X, y)
    with pytest.raises(ValueError, match="negative"):
        small(MLPRegressor, loss="poisson").fit(X, y)
    X, y = digits()
    with pytest.raises(ValueError, match="classes not in"):
        small(MLPClassifier).partial_fit(X, y, classes=[0, 1])


@both
def test_an_overflow_is_an_error_and_the_last_finite_weights_stay(cls):
    X, y = data(cls)
    wild = {"solver": "sgd", "activation": "identity", "learning_rate_init": 3.0}
    model = small(cls, max_iter=300, n_iter_no_change=300, **wild)
    with pytest.raises(ValueError, match=r"non-finite.*learning_rate_init.*of epoch"):
        model.fit(100 * X, y)
    assert model.stop_reason_ == "non_finite"
    assert 0 < model.n_iter_ == len(model.loss_curve_) < 300
    assert all(np.isfinite(coef).all() for coef in model.coefs_)
    assert np.isfinite(model.loss_curve_).all()
    replay = small(cls, max_iter=model.n_iter_, n_iter_no_change=300, **wild)
    assert_array_equal(replay.fit(100 * X, y).coefs_[0], model.coefs_[0])

    fitted = small(cls).fit(X, y)
    before = fitted.coefs_[0].copy()
    huge = X * (2e307 if cls is MLPClassifier else 1e300)
    with pytest.raises(ValueError, match="Nothing was learnt"):
        fitted.fit(huge, y)
    assert_array_equal(fitted.coefs_[0], before)
    with pytest.raises(ValueError, match="non-finite"):
        fitted.partial_fit(huge, y)
    assert_array_equal(fitted.coefs_[0], before)


@both
def test_an_overflow_after_a_best_epoch_returns_that(cls):
    X, y = data(cls)
    model = small(
        cls,
        solver="sgd",
        activation="identity",
        learning_rate_init=3.0,
        max_iter=300,
        n_iter_no_change=300,
        early_stopping=True,
    )
    with pytest.warns(ConvergenceWarning, match="best epoch"):
        model.fit(100 * X, y)
    assert model.stop_reason_ == "non_finite"
    assert model.best_score_ == np.nanmax(model.validation_scores_)
    assert np.isfinite(model.coefs_[0]).all()
