"""Batches, momentum, Adam, noise and the norm constraint, against a NumPy loop."""

import dataclasses

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklreg.linear_model import SGDClassifier, SGDRegressor
from sklreg.losses import LOSSES
from sklreg.solvers.noise_stream import NoiseStream
from sklreg.solvers.optimizers import SGD, Adam
from tests.linear_model._sgd_data import CONTAINERS, classification, regression

both = pytest.mark.parametrize("cls", [SGDClassifier, SGDRegressor])
layout = pytest.mark.parametrize("container", CONTAINERS.values(), ids=list(CONTAINERS))
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

MAX_INT = np.iinfo(np.int32).max


def data(cls):
    return classification() if cls is SGDClassifier else regression()


def noise(value, p, stream):
    kind, scale = value if isinstance(value, tuple) else ("gaussian", value)
    return stream(kind, np.zeros((1, p)), scale)[0]


def reference(model, X, y, *, decay=1.0):
    """The stochastic loop of the design, written plainly; returns (w, b, history)."""
    rng = np.random.RandomState(model.random_state)
    if isinstance(model, SGDClassifier):
        rng.randint(1, MAX_INT)
        y = np.where(y == y.max(), 1.0, -1.0)
    seed = rng.randint(MAX_INT)
    streams = [NoiseStream([seed, kind]) for kind in range(4)]
    streams[1] = np.random.default_rng([seed, 1])
    loss = LOSSES[model.loss]
    if hasattr(loss, "epsilon"):
        loss = dataclasses.replace(loss, epsilon=model.epsilon)
    optimizer = (
        Adam() if model.optimizer == "adam" else SGD(model.momentum, model.nesterov)
    )
    ratio = {"l1": 1.0, "l2": 0.0}.get(model.penalty, model.l1_ratio)
    alpha = 0.0 if model.penalty is None else model.alpha
    n, p = X.shape
    w, b, owed, paid = np.zeros(p), 0.0, 0.0, np.zeros(p)
    mean_w, mean_b, t, losses, norms = np.zeros(p), 0.0, 1, [], []
    for _ in range(model.max_iter):
        epoch_losses = []
        for start in range(0, n, model.batch_size):
            rows = X[start : start + model.batch_size].copy()
            target = y[start : start + model.batch_size]
            # augment the batch
            if model.input_noise:
                kind, scale = model.input_noise
                rows = streams[0](kind, rows, scale)
            if model.input_dropout:
                kept = streams[1].random(rows.shape) >= model.input_dropout
                rows = rows * kept / (1 - model.input_dropout)
            # perturb the weights, take the slope, weights back
            perturbed = w
            if model.weight_noise:
                perturbed = w + noise(model.weight_noise, p, streams[2])
            raw = rows @ perturbed + b
            epoch_losses.extend(loss.value(target, raw))
            slopes = loss.gradient(target, raw)
            gradient = rows.T @ slopes / len(rows)
            # gradient noise
            if model.gradient_noise:
                gradient = gradient + noise(model.gradient_noise, p, streams[3])
            # optimiser step with weight decay, and the penalty
            eta = model.eta0 / t**model.power_t
            move_w, move_b = optimizer.moves([gradient, np.array(slopes.mean())], eta)
            moved = w * (1 - eta * alpha * (1 - ratio)) + move_w
            owed += eta * alpha * ratio
            sign = np.sign(moved)
            w = sign * np.maximum(0, np.abs(moved) - (owed + sign * paid))
            paid += w - moved
            b += move_b * decay
            # constraint
            if model.max_norm is not None:
                w = w * min(1.0, model.max_norm / max(np.linalg.norm(w), 1e-300))
            norms.append(np.linalg.norm(w))
            if 0 < model.average <= t:
                mean_w += (w - mean_w) / (t - model.average + 1)
                mean_b += (b - mean_b) / (t - model.average + 1)
            t += 1
        losses.append(np.mean(epoch_losses))
    return (mean_w, mean_b, losses, t) if model.average else (w, b, losses, t)


SETTINGS = [
    {"batch_size": 7},
    {"batch_size": 1000, "penalty": "l1"},
    {"momentum": 0.8, "penalty": "elasticnet", "l1_ratio": 0.5},
    {"momentum": 0.8, "nesterov": True, "batch_size": 16, "average": 5},
    {"optimizer": "adam", "batch_size": 16, "penalty": "l1"},
    {"optimizer": "adam", "max_norm": 0.3, "penalty": None},
    {"weight_noise": 0.3, "batch_size": 5},
    {"gradient_noise": ("laplace", 0.3), "max_norm": 0.4},
    {"input_noise": ("uniform", 0.3), "input_dropout": 0.25, "batch_size": 6},
    {"input_noise": ("masking", 0.3), "weight_noise": ("uniform", 0.2)},
]


@both
@pytest.mark.parametrize("extra", SETTINGS, ids=lambda extra: "-".join(extra))
def test_steps_are_those_of_the_plain_loop(cls, extra):
    X, y = data(cls)
    model = cls(
        learning_rate="invscaling",
        eta0=0.1,
        alpha=0.05,
        shuffle=False,
        tol=None,
        max_iter=3,
        random_state=0,
    ).set_params(**extra)
    w, b, losses, t = reference(model, X, y)
    model.fit(X, y)
    assert_allclose(model.coef_.ravel(), w, rtol=1e-8, atol=1e-10)
    assert_allclose(model.intercept_[0], b, rtol=1e-8, atol=1e-10)
    assert_allclose(model.history_["train_loss"], losses, rtol=1e-8)
    assert model.t_ == t


@both
@pytest.mark.parametrize(
    "extra",
    [{"batch_size": 7}, {"optimizer": "adam", "penalty": "l1"}, {"weight_noise": 0.1}],
    ids=lambda extra: "-".join(extra),
)
def test_sparse_rows_take_the_same_steps(cls, extra):
    X, y = data(cls)
    model = cls(
        random_state=0, max_iter=3, tol=None, fit_intercept=False, eta0=0.1, alpha=0.05
    ).set_params(**extra)
    dense = clone(model).fit(X, y)
    for dtype in (np.int32, np.int64):
        rows = sp.csr_matrix(X)
        rows.indices, rows.indptr = (
            rows.indices.astype(dtype),
            rows.indptr.astype(dtype),
        )
        assert_allclose(clone(model).fit(rows, y).coef_, dense.coef_, atol=1e-10)


@both
@pytest.mark.parametrize("penalty", ["l1", "l2", "elasticnet", None])
@pytest.mark.parametrize("schedule", ["constant", "optimal", "pa1", "pa2"])
def test_batches_of_one_take_the_plain_steps(cls, penalty, schedule):
    X, y = data(cls)
    loss = cls._passive_aggressive_loss
    model = cls(
        loss, penalty=penalty, alpha=0.1, learning_rate=schedule, random_state=0
    ).set_params(max_iter=4, tol=1e-3, max_norm=2.0)
    plain = clone(model).fit(X, y)
    # noise too small to be seen takes the other way through the code
    batches = clone(model).set_params(gradient_noise=1e-200).fit(X, y)
    assert_allclose(batches.coef_, plain.coef_, atol=1e-9)
    assert_allclose(batches.intercept_, plain.intercept_, atol=1e-9)
    for name in ("train_loss", "learning_rate", "coef_norm", "largest_norm"):
        assert_allclose(batches.history_[name], plain.history_[name], rtol=1e-6)


# Norm constraint


@both
@layout
@pytest.mark.parametrize("penalty", ["l1", "l2", None])
@pytest.mark.parametrize("extra", [{}, {"batch_size": 3, "momentum": 0.9}], ids=str)
def test_norm_holds_after_every_update(cls, container, penalty, extra):
    X, y = data(cls)
    model = cls(
        penalty=penalty, max_norm=0.2, shuffle=False, learning_rate="constant", eta0=0.5
    ).set_params(**extra)
    size = model.batch_size
    rows, norms = container(X), []
    chunked = clone(model)
    for start in range(0, len(y), size):
        first = {"classes": [0, 1]} if cls is SGDClassifier and not start else {}
        chunk = slice(start, start + size)
        chunked.partial_fit(rows[chunk], y[chunk], **first)
        norms.append(np.linalg.norm(chunked.coef_))
    assert max(norms) <= 0.2
    assert np.mean(np.isclose(norms, 0.2)) > 0.2  # the constraint is at work
    whole = model.set_params(max_iter=1, tol=None).fit(rows, y)
    assert_allclose(whole.coef_, chunked.coef_, rtol=1e-8)
    # what the loop itself saw
    assert_allclose(whole.history_["largest_norm"], max(norms), rtol=1e-10)
    assert whole.history_["largest_norm"][0] <= 0.2


@pytest.mark.parametrize("max_norm", [1e-3, 0.5, 1e3])
def test_norm_is_a_projection_and_holds_over_many_epochs(max_norm):
    X, y = classification(4)
    model = SGDClassifier(max_norm=max_norm, random_state=0, max_iter=50, tol=None)
    norms = np.linalg.norm(model.fit(sp.csr_matrix(X), y).coef_, axis=1)
    assert np.all(norms <= max_norm)
    assert np.all(model.history_["largest_norm"] <= max_norm)
    free = SGDClassifier(random_state=0, max_iter=50, tol=None)
    free.fit(sp.csr_matrix(X), y)
    if np.linalg.norm(free.coef_) < max_norm / 10:
        assert_allclose(model.coef_, free.coef_, rtol=1e-9)


# Noise


def one_step(name, value, seed=0):
    """Weights after every feature has been stepped from zero once by noise alone."""
    p = 4000
    # one feature a row, target 0: without noise the slope is 0
    model = SGDRegressor(
        penalty=None,
        learning_rate="constant",
        eta0=1.0,
        shuffle=False,
        max_iter=1,
        tol=None,
        fit_intercept=False,
        random_state=seed,
    ).set_params(**{name: value})
    if name == "gradient_noise":
        return model.fit(np.zeros((1, p)), np.zeros(1)).coef_
    return model.fit(sp.identity(p, format="csr"), np.zeros(p)).coef_


@pytest.mark.parametrize("name", ["weight_noise", "gradient_noise"])
@pytest.mark.parametrize(
    "value, deviation",
    [
        (0.5, 0.5),
        (("gaussian", 2.0), 2.0),
        (("uniform", 3.0), 3.0 / np.sqrt(3)),
        (("laplace", 1.0), np.sqrt(2)),
    ],
    ids=str,
)
def test_noise_has_its_moments(name, value, deviation):
    w = one_step(name, value)
    assert abs(w.mean()) < 5 * deviation / np.sqrt(len(w))
    assert_allclose(w.std(), deviation, rtol=0.08)


@pytest.mark.parametrize("name", ["weight_noise", "gradient_noise"])
def test_noise_follows_the_seed(name):
    assert_array_equal(one_step(name, 0.5), one_step(name, 0.5))
    different = one_step(name, 0.5, seed=1)
    assert abs(np.corrcoef(one_step(name, 0.5), different)[0, 1]) < 0.1


@pytest.mark.parametrize(
    "extra", [{"input_noise": 0.2}, {"input_dropout": 0.3}], ids=str
)
def test_input_noise_is_new_each_epoch_and_leaves_the_data_alone(extra):
    X, y = regression()
    before = X.copy()
    model = SGDRegressor(random_state=0, tol=None, shuffle=False, max_iter=1, **extra)
    first = model.fit(X, y).coef_
    assert_array_equal(clone(model).fit(X, y).coef_, first)
    assert np.abs(clone(model).set_params(random_state=1).fit(X, y).coef_ - first).max()
    assert_array_equal(X, before)
    rows = sp.csr_matrix(X)
    clone(model).fit(rows, y)
    assert_array_equal(rows.toarray(), before)
    # a second epoch is not the first one over again
    once = clone(model).set_params(max_iter=2).fit(X, y)
    twice = clone(model).set_params(warm_start=True, learning_rate="constant")
    again = clone(twice).fit(X, y).fit(X, y)
    assert np.abs(once.coef_ - again.coef_).max() > 1e-6


def test_dropout_keeps_the_expected_input():
    X = np.ones((20000, 1))
    # the mean of the dropped-out input is what a line through the origin learns from
    model = SGDRegressor(
        loss="epsilon_insensitive",
        epsilon=0.0,
        input_dropout=0.75,
        learning_rate="constant",
        eta0=1.0,
        fit_intercept=False,
        penalty=None,
        max_iter=1,
        tol=None,
        random_state=0,
    ).fit(X, np.full(20000, 1e9))
    assert_allclose(model.coef_, 20000, rtol=0.03)


def test_weights_come_back_after_a_perturbed_step():
    X, y = classification()
    # far beyond the margin: no slope, so no step, whatever the noise
    start = SGDClassifier(random_state=0, max_iter=20, tol=None).fit(X, y)
    sure = np.abs(start.decision_function(X)) > 1
    X, y = X[sure], start.predict(X[sure])
    model = SGDClassifier(penalty=None, weight_noise=1e-6, max_iter=5, tol=None)
    model.fit(X, y, coef_init=9 * start.coef_, intercept_init=9 * start.intercept_)
    assert_array_equal(model.coef_, 9 * start.coef_)
    assert_array_equal(model.intercept_, 9 * start.intercept_)
    noisy = clone(model).set_params(weight_noise=1e3)
    noisy.fit(X, y, coef_init=9 * start.coef_, intercept_init=9 * start.intercept_)
    assert np.abs(noisy.coef_ - 9 * start.coef_).max() > 0


def test_validation_is_scored_without_noise():
    X, y = regression()
    model = SGDRegressor(
        early_stopping=True, input_noise=1.0, weight_noise=1.0, random_state=0
    ).fit(X, y, X_val=X, y_val=y)
    assert model.score(X, y) == model.best_score_


def test_input_noise_acts_like_ridge():
    # Bishop (1995): for squared error, in expectation, exactly
    X, y = regression()
    X = 10 * X
    arguments = {"penalty": None, "average": True, "random_state": 0, "tol": None}
    noisy = SGDRegressor(input_noise=0.5, max_iter=300, **arguments).fit(X, y)
    n, centred = len(y), X - X.mean(axis=0)
    ridge = np.linalg.solve(
        centred.T @ centred + n * 0.25 * np.eye(X.shape[1]), centred.T @ (y - y.mean())
    )
    plain = np.linalg.lstsq(centred, y - y.mean(), rcond=None)[0]
    to_ridge = np.linalg.norm(noisy.coef_ - ridge)
    assert to_ridge < 0.2 * np.linalg.norm(plain - ridge)
