"""The perceptrons: scikit-learn's where nothing is added, and in company."""

import inspect
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.datasets import (
    make_multilabel_classification,
)
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sklreg.neural_network import MLPClassifier, MLPRegressor
from tests.neural_network._mlp_data import (
    QUIET,
    VERSION,
    both,
    data,
    diabetes,
    digits,
    small,
)

pytestmark = QUIET


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("task", ["classes", "two classes", "labels", "numbers"])
def test_loss_curve_is_scikit_learns(solver, activation, task):
    if task == "numbers":
        X, y = diabetes()
    elif task == "labels":
        X, y = make_multilabel_classification(80, random_state=0)
    else:
        X, y = digits(n_classes=2 if task == "two classes" else 10)
    cls = MLPRegressor if task == "numbers" else MLPClassifier
    arguments = {
        "solver": solver,
        "activation": activation,
        "hidden_layer_sizes": (12, 7),
        "alpha": 0.1,
        "batch_size": 70,
        "max_iter": 12,
        "random_state": 3,
    }
    ours = cls(**arguments).fit(X, y)
    peer = getattr(theirs, cls.__name__)(**arguments).fit(X, y)
    assert ours.n_iter_ == peer.n_iter_
    assert ours.loss_ == pytest.approx(peer.loss_, abs=1e-6)
    for part in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, part), getattr(peer, part), strict=True):
            assert_allclose(mine, other, atol=1e-5)
    if solver != "lbfgs":
        assert_allclose(ours.loss_curve_, peer.loss_curve_, atol=1e-6)
        assert_allclose(ours.loss_curve_, peer.loss_curve_, atol=1e-11)
        assert ours.t_ == peer.t_


@both
@pytest.mark.parametrize(
    "arguments",
    [
        {"early_stopping": True, "tol": 1e-2, "n_iter_no_change": 3, "max_iter": 60},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e-2, "max_iter": 60},
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1},
        {"solver": "sgd", "momentum": 0.5, "nesterovs_momentum": False},
        {"shuffle": False, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4},
        {"tol": 1e-2, "n_iter_no_change": 2, "max_iter": 200},
    ],
)
def test_loss_curve_is_scikit_learns_with_every_schedule(cls, arguments):
    X, y = data(cls)
    ours = small(cls, **arguments).fit(X, y)
    peer = small(getattr(theirs, cls.__name__), **arguments).fit(X, y)
    assert_allclose(ours.loss_curve_, peer.loss_curve_, atol=1e-9)
    if arguments.get("early_stopping"):
        assert_allclose(ours.validation_scores_, peer.validation_scores_, atol=1e-9)
        assert_allclose(ours.best_validation_score_, peer.best_validation_score_)
    assert_allclose(ours.predict(X), peer.predict(X), atol=1e-8)


@pytest.mark.skipif(VERSION < (1, 7), reason="sample_weight came with 1.7")
@both
def test_weights_of_samples_are_scikit_learns(cls):
    X, y = data(cls)
    weight = np.linspace(0.1, 3.0, len(y))
    for solver in ("adam", "lbfgs"):
        ours = small(cls, solver=solver).fit(X, y, sample_weight=weight)
        peer = small(getattr(theirs, cls.__name__), solver=solver)
        peer.fit(X, y, sample_weight=weight)
        assert ours.loss_ == pytest.approx(peer.loss_, abs=1e-9)
    counts = small(MLPRegressor, loss="poisson").fit(X, np.abs(y))
    peer = small(theirs.MLPRegressor, loss="poisson").fit(X, np.abs(y))
    assert_allclose(counts.loss_curve_, peer.loss_curve_, atol=1e-9)
    assert_allclose(counts.predict(X), peer.predict(X))


@both
def test_chunks_and_warm_starts_are_scikit_learns(cls):
    X, y = data(cls)
    peer_cls = getattr(theirs, cls.__name__)
    models = [small(cls), small(peer_cls)]
    for model in models:
        extra = {"classes": np.unique(y)} if cls is MLPClassifier else {}
        for start in (0, 100, 200):
            model.partial_fit(X[start : start + 100], y[start : start + 100], **extra)
    assert_allclose(models[0].loss_curve_, models[1].loss_curve_, atol=1e-9)
    models = [small(cls, warm_start=True), small(peer_cls, warm_start=True)]
    for model in models:
        model.fit(X, y).set_params(alpha=1.0).fit(X, y)
    assert len(models[0].loss_curve_) == 16
    assert_allclose(models[0].loss_curve_, models[1].loss_curve_, atol=1e-9)
    assert len(models[0].history_["train_loss"]) == 8


# in company


def test_grid_search_over_dropout_and_max_norm():
    X, y = digits()
    net = small(MLPClassifier, learning_rate_init=0.02, max_iter=15)
    pipeline = make_pipeline(StandardScaler(), net)
    grid = {
        "mlpclassifier__dropout": [0.0, 0.2],
        "mlpclassifier__max_norm": [None, 1.0],
    }
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_score_ > 0.7
    assert len(set(search.cv_results_["mean_test_score"])) > 1


@both
def test_two_threads_predict_and_fit_as_one(cls):
    X, y = data(cls)
    model = small(cls, dropout=0.2, batch_norm=True)
    alone = clone(model).fit(X, y)
    with ThreadPoolExecutor(2) as pool:
        fits = list(pool.map(lambda _: clone(model).fit(X, y), range(4)))
        parts = list(pool.map(lambda _: alone.predict(X), range(20)))
    for fit in fits:
        assert_array_equal(fit.coefs_[0], alone.coefs_[0])
    for part in parts:
        assert_array_equal(part, alone.predict(X))


def test_many_rows_are_predicted_in_parts():
    X, y = digits()
    model = small(MLPClassifier).fit(X, y)
    many = np.tile(X, (8, 1))
    assert_allclose(model.predict_proba(many), np.tile(model.predict_proba(X), (8, 1)))


def test_multi_output_regression_and_multi_label_classification():
    X, y = diabetes()
    Y = np.column_stack([y, -y, X[:, 0]])
    model = small(MLPRegressor, dropout=0.1, max_iter=100).fit(X, Y)
    assert model.predict(X).shape == (300, 3)
    assert model.score(X, Y) > 0.5
    X, Y = make_multilabel_classification(200, random_state=0)
    labels = small(MLPClassifier, batch_norm=True, learning_rate_init=0.02, max_iter=60)
    labels.fit(scale(X), Y)
    assert set(np.unique(labels.predict(scale(X)))) == {0, 1}
    assert labels.score(scale(X), Y) > 0.7
    stopped = clone(labels).set_params(early_stopping=True).fit(scale(X), Y)
    assert len(stopped.validation_scores_) == stopped.n_iter_


def test_parameters_come_after_scikit_learns():
    names = list(inspect.signature(MLPClassifier).parameters)
    assert names.index("max_fun") < names.index("dropout")
