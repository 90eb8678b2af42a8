"""SGDClassifier and SGDRegressor against scikit-learn's, and as estimators."""

import pickle
from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sklreg.linear_model import SGDClassifier, SGDRegressor
from tests.linear_model._sgd_data import CONTAINERS, classification, regression

SKLEARN = tuple(map(int, sklearn.__version__.split(".")[:2]))
THEIRS = {
    SGDClassifier: linear_model.SGDClassifier,
    SGDRegressor: linear_model.SGDRegressor,
}
PASSIVE_AGGRESSIVE = {SGDClassifier: "hinge", SGDRegressor: "epsilon_insensitive"}
both = pytest.mark.parametrize("cls", [SGDClassifier, SGDRegressor])
layout = pytest.mark.parametrize("container", CONTAINERS.values(), ids=list(CONTAINERS))
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def data(cls):
    return classification() if cls is SGDClassifier else regression()


def assert_same(ours, theirs, **tolerance):
    tolerance = {"rtol": 0, "atol": 1e-9} | tolerance
    assert_allclose(ours.coef_, theirs.coef_, **tolerance)
    assert_allclose(ours.intercept_, theirs.intercept_, **tolerance)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.t_ == theirs.t_


# The same as scikit-learn


@layout
@pytest.mark.parametrize(
    "cls, loss",
    [(cls, loss) for cls in THEIRS for loss in cls.loss_functions],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_weights_of_every_setting_are_scikit_learns(cls, loss, container):
    X, y = data(cls)
    X = container(X)
    schedules = ["constant", "optimal", "invscaling", "adaptive"]
    if loss == PASSIVE_AGGRESSIVE[cls] and SKLEARN >= (1, 8):
        schedules += ["pa1", "pa2"]
    for penalty, schedule, average, shuffle in product(
        ["l1", "l2", "elasticnet", None], schedules, [False, True, 150], [True, False]
    ):
        arguments = {
            "loss": loss,
            "penalty": penalty,
            "learning_rate": schedule,
            "average": average,
            "shuffle": shuffle,
            "alpha": 0.1,
            "eta0": 0.01,
            "max_iter": 6,
            # what scikit-learn stops by has changed in 1.9
            "tol": 1e-3 if SKLEARN >= (1, 9) else None,
            "random_state": 3,
        }
        ours = cls(**arguments).fit(X, y)
        assert_same(ours, THEIRS[cls](**arguments).fit(X, y))


@layout
@pytest.mark.parametrize("average", [False, True])
def test_multiclass_is_scikit_learns(container, average):
    X, y = classification(n_classes=4)
    arguments = {
        "random_state": 1,
        "average": average,
        "class_weight": "balanced",
        "max_iter": 20,
        "alpha": 0.1,
        "tol": 1e-3 if SKLEARN >= (1, 9) else None,
    }
    weight = np.linspace(0.5, 1.5, len(y))
    theirs = linear_model.SGDClassifier(**arguments)
    theirs.fit(container(X), y, sample_weight=weight)
    for n_jobs in (None, 2):
        ours = SGDClassifier(n_jobs=n_jobs, **arguments)
        ours.fit(container(X), y, sample_weight=weight)
        assert_same(ours, theirs)
        assert_array_equal(ours.predict(X), theirs.predict(X))


@both
def test_random_state_instance_is_used_as_scikit_learn_does(cls):
    X, y = data(cls)
    for arguments in ({}, {"early_stopping": True, "restore_best": False}):
        ours = cls(random_state=np.random.RandomState(7), tol=None, max_iter=5)
        ours.set_params(**arguments)
        arguments = {k: v for k, v in arguments.items() if k != "restore_best"}
        theirs = THEIRS[cls](
            random_state=np.random.RandomState(7), tol=None, max_iter=5, eta0=0.01
        ).set_params(**arguments)
        assert_same(ours.fit(X, y), theirs.fit(X, y))
        assert ours.random_state.randint(1000) == theirs.random_state.randint(1000)


@pytest.mark.parametrize("loss", ["log_loss", "modified_huber"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_are_scikit_learns(loss, n_classes):
    X, y = classification(n_classes)
    arguments = {"loss": loss, "alpha": 0.1, "random_state": 0, "tol": None}
    arguments["max_iter"] = 5
    ours = SGDClassifier(**arguments).fit(X, y)
    theirs = linear_model.SGDClassifier(**arguments).fit(X, y)
    for Z in (X, 100 * X, -100 * X):
        assert_allclose(ours.predict_proba(Z), theirs.predict_proba(Z), atol=1e-8)


@both
def test_float32_is_kept_and_close_to_float64(cls):
    X, y = data(cls)
    arguments = {"random_state": 0, "tol": None, "max_iter": 5, "alpha": 0.01}
    single = cls(**arguments).fit(X.astype(np.float32), y)
    double = cls(**arguments).fit(X, y)
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    assert_allclose(single.coef_, double.coef_, atol=1e-4)


# Going on: warm start and chunks


@both
def test_warm_start_and_initial_weights(cls):
    X, y = data(cls)
    arguments = {"shuffle": False, "tol": None, "learning_rate": "constant"}
    once = cls(max_iter=6, **arguments).fit(X, y)
    warm = cls(max_iter=3, warm_start=True, **arguments).fit(X, y)
    given = cls(max_iter=3, **arguments).fit(
        X, y, coef_init=warm.coef_, intercept_init=warm.intercept_
    )
    warm.fit(X, y)
    assert_allclose(warm.coef_, once.coef_, rtol=1e-10)
    assert_allclose(given.coef_, once.coef_, rtol=1e-10)


def in_chunks(estimator, X, y, size):
    first = {"classes": np.unique(y)} if hasattr(estimator, "class_weight") else {}
    for start in range(0, X.shape[0], size):
        rows = slice(start, start + size)
        estimator.partial_fit(X[rows], y[rows], **first)
        first = {}
    return estimator


@both
@layout
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"penalty": "l1", "alpha": 0.05},
        {"penalty": "elasticnet", "alpha": 0.05, "average": 30},
        {"learning_rate": "invscaling", "max_norm": 0.5},
        {"momentum": 0.9, "average": True},
        {"optimizer": "adam", "batch_size": 8},
        {"weight_noise": 0.1, "gradient_noise": ("uniform", 0.1)},
        {"input_noise": 0.1, "input_dropout": 0.2, "batch_size": 4, "penalty": "l1"},
    ],
    ids=lambda arguments: "-".join(arguments) or "plain",
)
def test_chunks_give_what_one_pass_gives(cls, container, dtype, arguments):
    X, y = data(cls)
    X = container(X.astype(dtype))
    estimator = cls(shuffle=False, tol=None, max_iter=1, random_state=0)
    estimator.set_params(**arguments)
    whole = clone(estimator).fit(X, y)
    chunks = in_chunks(estimator, X, y, 40)
    assert_allclose(chunks.coef_, whole.coef_, rtol=1e-6, atol=1e-12)
    assert_allclose(chunks.intercept_, whole.intercept_, rtol=1e-6, atol=1e-12)
    assert chunks.t_ == whole.t_


def test_chunks_go_on_after_pickling_and_from_weights_set_by_hand():
    X, y = classification()
    model = SGDClassifier(penalty="l1", alpha=0.01, shuffle=False)
    model.partial_fit(X[:100], y[:100], classes=[0, 1])
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(
        copy.partial_fit(X[100:], y[100:]).coef_,
        model.partial_fit(X[100:], y[100:]).coef_,
    )
    model.coef_[:] = 0.0
    fresh = SGDClassifier(penalty="l1", alpha=0.01, shuffle=False)
    fresh.partial_fit(X[:1], y[:1], classes=[0, 1])
    fresh.coef_, fresh.intercept_, fresh.t_ = (
        np.zeros((1, X.shape[1])),
        model.intercept_,
        model.t_,
    )
    assert_array_equal(
        model.partial_fit(X[:50], y[:50]).coef_,
        fresh.partial_fit(X[:50], y[:50]).coef_,
    )


# scikit-learn's binary classifier forgets its intercept here if it averages
@pytest.mark.parametrize(
    "cls, average", [(SGDClassifier, False), (SGDRegressor, False), (SGDRegressor, 9)]
)
def test_chunks_go_on_after_fit_as_in_scikit_learn(cls, average):
    X, y = data(cls)
    arguments = {"tol": None, "max_iter": 3, "random_state": 0, "alpha": 0.1}
    ours = cls(average=average, **arguments).fit(X, y)
    theirs = THEIRS[cls](average=average, **arguments).fit(X, y)
    for _ in range(2):
        ours.partial_fit(X[:70], y[:70])
        theirs.partial_fit(X[:70], y[:70])
        assert_allclose(ours.coef_, theirs.coef_, atol=1e-9)
    assert not hasattr(ours, "history_")


def test_sparsified_weights_predict_and_go_on():
    X, y = classification(3)
    model = SGDClassifier(penalty="l1", alpha=0.01, random_state=0).fit(X, y)
    expected = model.decision_function(X)
    assert sp.issparse(model.sparsify().coef_)
    assert_allclose(model.decision_function(X), expected)
    assert_allclose(model.decision_function(sp.csr_matrix(X)), expected)
    model.partial_fit(X, y)
    assert isinstance(model.coef_, np.ndarray)


@both
def test_read_only_memory_maps(cls, tmp_path):
    X, y = data(cls)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    estimator = cls(random_state=0, max_iter=3, tol=None)
    assert_array_equal(clone(estimator).fit(mapped, y).coef_, estimator.fit(X, y).coef_)


# What a fit tells


@both
def test_history_without_validation(cls):
    X, y = data(cls)
    with pytest.warns(ConvergenceWarning):
        model = cls(random_state=0, max_iter=4).fit(X, y)
    assert set(model.history_) == {
        "epoch",
        "train_loss",
        "learning_rate",
        "coef_norm",
        "seconds",
    }
    assert_array_equal(model.history_["epoch"], [1, 2, 3, 4])
    assert_allclose(model.history_["coef_norm"][-1], np.linalg.norm(model.coef_))
    assert np.all(model.history_["seconds"] > 0)
    assert model.stop_reason_ == "max_iter"
    assert not hasattr(model, "best_epoch_")
    settled = cls(random_state=0, tol=1e-2).fit(X, y)
    assert settled.stop_reason_ == "training_loss"
    assert settled.n_iter_ == len(settled.history_["epoch"]) < 1000


def test_training_loss_is_the_mean_loss_before_each_step():
    X, y = regression()
    model = SGDRegressor(shuffle=False, max_iter=1, tol=None).fit(X, y)
    chunked, losses = SGDRegressor(shuffle=False), []
    for i in range(len(y)):
        raw = chunked.predict(X[i : i + 1])[0] if i else 0.0
        losses.append(0.5 * (y[i] - raw) ** 2)
        chunked.partial_fit(X[i : i + 1], y[i : i + 1])
    assert_allclose(model.history_["train_loss"], [np.mean(losses)], rtol=1e-10)


def test_verbose_prints_a_line_an_epoch(capsys):
    X, y = classification(3)
    SGDClassifier(verbose=1, max_iter=3, tol=None, early_stopping=True).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Epoch 1", "Epoch 2", "Epoch 3"]
    assert "training loss" in lines[0] and "score" in lines[0]
