"""What the perceptrons have beyond scikit-learn's."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Lasso

from sklreg.neural_network import MLPClassifier, MLPRegressor
from tests.neural_network._mlp_data import QUIET, both, data, diabetes, digits, small

pytestmark = QUIET


EXTRAS = [
    {"dropout": 0.3},
    {"dropout": [0.1, 0.5], "input_dropout": 0.1, "activation": "gelu"},
    {"structured_dropout": 0.2, "activation": "elu"},
    {"batch_norm": True},
    {"batch_norm": True, "dropout": 0.2, "max_norm": 2.0},
    {"alpha": 0.1, "l1_ratio": 0.5},
    {"alpha": 0.5, "decoupled_weight_decay": True},
    {"weight_noise": 0.05},
    {"gradient_noise": ("laplace", 0.01)},
    {"activation_noise": 0.1},
    {"input_noise": ("uniform", 0.2)},
    {"residual": True, "stochastic_depth": 0.3},
    {"mixup_alpha": 0.4},
]


@pytest.mark.parametrize("extra", EXTRAS, ids=lambda extra: "+".join(extra))
@both
def test_every_extra_trains_alike_twice_and_keeps_float32(cls, extra):
    X, y = data(cls)
    X = X.astype(np.float32)
    model = small(cls, max_iter=20, learning_rate_init=0.01, **extra)
    first = clone(model).fit(X, y)
    assert first.history_["train_loss"][-1] < 0.8 * first.history_["train_loss"][0]
    assert_array_equal(clone(model).fit(X, y).coefs_[0], first.coefs_[0])
    assert_array_equal(first.predict(X), first.predict(X))  # nothing random
    plain = small(cls, max_iter=20, learning_rate_init=0.01).fit(X, y)
    assert not np.allclose(plain.coefs_[0], first.coefs_[0])
    parts = [*first.coefs_, *first.intercepts_]
    if extra.get("batch_norm"):
        parts += first.batch_norm_scales_
    assert {part.dtype for part in parts} == {np.dtype(np.float32)}
    if cls is MLPRegressor:
        assert first.predict(X).dtype == np.float32
    sparse = clone(model).fit(sp.csr_array(X), y)
    assert sparse.loss_ < 0.8 * sparse.loss_curve_[0]
    if "input_dropout" not in extra:  # which draws for stored values only
        assert_allclose(sparse.loss_curve_, first.loss_curve_, rtol=0.02)
    again = pickle.loads(pickle.dumps(first))
    assert_array_equal(again.predict(X), first.predict(X))
    for estimator in (first, again):  # the moments and the noise go on
        estimator.partial_fit(X, y)
    assert_array_equal(again.coefs_[0], first.coefs_[0])


def test_dropout_changes_neither_the_start_nor_the_batches():
    X, y = digits()
    rates = {"solver": "sgd", "learning_rate_init": 1e-12, "max_iter": 1}
    plain, dropped = (
        small(MLPClassifier, dropout=rate, **rates).fit(X, y) for rate in (0.0, 0.5)
    )
    assert_allclose(plain.coefs_[0], dropped.coefs_[0], atol=1e-9)


def test_chunks_do_not_repeat_their_noise():
    X, y = digits()
    model = small(MLPClassifier, dropout=0.5, solver="sgd", learning_rate_init=1e-12)
    for _ in range(3):
        model.partial_fit(X, y, classes=np.arange(10))
    assert len(set(np.round(model.loss_curve_, 8))) == 3


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_without_hidden_layers_the_l1_penalty_gives_the_lasso(solver):
    X, y = diabetes()
    n = len(y)
    model = MLPRegressor(
        hidden_layer_sizes=(),
        solver=solver,
        alpha=0.1 * n,
        l1_ratio=1.0,
        batch_size=n,
        max_iter=4000,
        tol=1e-14,
        n_iter_no_change=100,
        learning_rate_init=0.003 if solver == "adam" else 0.1,
        random_state=0,
    ).fit(X, y)
    lasso = Lasso(0.1, tol=1e-12).fit(X, y)
    assert 0 < np.sum(lasso.coef_ == 0) < 10
    assert_allclose(model.coefs_[0].ravel(), lasso.coef_, atol=1e-5)
    assert_array_equal(model.coefs_[0].ravel() == 0, lasso.coef_ == 0)


def test_decoupled_decay_is_the_penalty_for_plain_steps_only():
    X, y = digits()
    arguments = {"solver": "sgd", "momentum": 0.0, "alpha": 5.0}
    fits = [
        small(MLPClassifier, decoupled_weight_decay=decoupled, **arguments).fit(X, y)
        for decoupled in (False, True)
    ]
    assert_allclose(fits[0].coefs_[0], fits[1].coefs_[0], rtol=1e-9)
    fits = [
        small(MLPClassifier, decoupled_weight_decay=decoupled, alpha=5.0).fit(X, y)
        for decoupled in (False, True)
    ]
    assert not np.allclose(fits[0].coefs_[0], fits[1].coefs_[0], rtol=1e-3)


def test_max_norm_bounds_every_unit():
    X, y = digits()
    model = small(MLPClassifier, max_norm=0.6).fit(X, y)
    for coef in model.coefs_:
        assert np.linalg.norm(coef, axis=0).max() <= 0.6
    assert model.history_["largest_norm"].max() <= 0.6


def test_soft_targets_are_weighted_hard_ones():
    X, y = digits(60)
    soft = np.random.default_rng(0).dirichlet(np.ones(10), 60)
    arguments = {"shuffle": False, "alpha": 0.0, "max_iter": 10}
    ours = small(MLPClassifier, batch_size=60, **arguments).fit(X, soft)
    labels = np.tile(np.arange(10), 60)
    spread = small(MLPClassifier, batch_size=600, **arguments)
    spread.fit(np.repeat(X, 10, axis=0), labels, sample_weight=soft.ravel())
    assert_allclose(ours.loss_curve_, spread.loss_curve_)
    assert_array_equal(ours.classes_, np.arange(10))
    assert_allclose(ours.predict_proba(X), spread.predict_proba(X))
    ours.partial_fit(X, np.eye(10)[y])  # by now it knows what a 0/1 matrix is
    two = small(MLPClassifier).fit(X, np.column_stack([soft[:, 0], 1 - soft[:, 0]]))
    assert two.out_activation_ == "logistic"
    assert_array_equal(two.classes_, [0, 1])


@pytest.mark.parametrize(
    "spoil", [lambda Y: Y * 2, lambda Y: Y - 0.5, lambda Y: Y[:, :5]]
)
def test_rows_that_are_no_probabilities_are_refused(spoil):
    X, _ = digits(60)
    soft = np.random.default_rng(0).dirichlet(np.ones(10), 60)
    with pytest.raises(ValueError, match="sum to 1"):
        small(MLPClassifier).fit(X, spoil(soft))


def test_weights_of_classes_are_weights_of_samples():
    X, y = digits()
    of_class = dict.fromkeys(range(10), 1.0) | {3: 4.0}
    ours = small(MLPClassifier, class_weight=of_class).fit(X, y)
    expected = small(MLPClassifier).fit(X, y, sample_weight=np.where(y == 3, 4.0, 1.0))
    assert_array_equal(ours.coefs_[0], expected.coefs_[0])
    balanced = small(MLPClassifier, class_weight="balanced").fit(X, y)
    share = len(y) / (10 * np.bincount(y))
    expected.fit(X, y, sample_weight=share[y])
    assert_allclose(balanced.coefs_[0], expected.coefs_[0])
    with pytest.raises(ValueError, match="balanced"):
        small(MLPClassifier, class_weight="balanced").partial_fit(X, y, classes=[0])


def test_smoothed_labels_are_soft_targets():
    X, y = digits()
    ours = small(MLPClassifier, label_smoothing=0.2).fit(X, y)
    soft = small(MLPClassifier).fit(X, 0.8 * np.eye(10)[y] + 0.02)
    assert_allclose(ours.loss_curve_, soft.loss_curve_)


def test_uncertainty_is_the_spread_of_passes():
    X, y = digits()
    model = small(MLPClassifier, dropout=0.2, max_iter=30).fit(X, y)
    mean, std = model.predict_uncertainty(X, n_passes=30)
    assert mean.shape == std.shape == (300, 10)
    assert_allclose(mean.sum(axis=1), 1.0)
    assert np.abs(mean - model.predict_proba(X)).mean() < 0.1
    assert std.max() > 0.05
    assert_array_equal(model.predict_uncertainty(X, n_passes=30)[0], mean)
    other, _ = model.predict_uncertainty(X, n_passes=30, random_state=1)
    assert not np.array_equal(other, mean)
    # of a linear network the passes scatter around the prediction
    X, y = diabetes()
    linear = small(MLPRegressor, hidden_layer_sizes=(), input_dropout=0.2).fit(X, y)
    mean, std = linear.predict_uncertainty(X, n_passes=400)
    assert np.abs(mean - linear.predict(X)).max() < 5 * std.max() / 20
    expected = np.sqrt(0.25 * X**2 @ linear.coefs_[0].ravel() ** 2)
    assert_allclose(std, expected, rtol=0.25)
    with pytest.raises(ValueError, match="dropout"):
        small(MLPRegressor).fit(X, y).predict_uncertainty(X)
    with pytest.raises(ValueError, match="n_passes"):
        linear.predict_uncertainty(X, n_passes=1)
