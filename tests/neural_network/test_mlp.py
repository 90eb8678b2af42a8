"""The perceptrons: scikit-learn's where nothing is added, and what is added."""

import inspect
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.datasets import (
    load_diabetes,
    load_digits,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sklreg.neural_network import MLPClassifier, MLPRegressor

VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:lbfgs failed to converge"),
]
both = pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])


def digits(n=300, n_classes=10):
    X, y = load_digits(n_class=n_classes, return_X_y=True)
    return X[:n] / 16, y[:n]


def diabetes(n=300):
    X, y = load_diabetes(return_X_y=True)
    return scale(X[:n]), scale(y[:n])


def data(cls):
    return digits() if cls is MLPClassifier else diabetes()


def small(cls, **arguments):
    return cls(
        **{"hidden_layer_sizes": (16, 16), "max_iter": 8, "random_state": 0} | arguments
    )


# scikit-learn's, where nothing is added


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


# what is added

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


# early stopping


@both
@pytest.mark.parametrize("scoring", [None, "loss", "named"])
def test_the_best_epoch_comes_back_running_statistics_included(cls, scoring):
    X, y = data(cls)
    X, X_val, y, y_val = train_test_split(X, y, train_size=60, random_state=0)
    named = "neg_log_loss" if cls is MLPClassifier else "neg_mean_squared_error"
    arguments = {
        "early_stopping": True,
        "early_stopping_scoring": named if scoring == "named" else scoring,
        "batch_norm": True,
        "learning_rate_init": 0.05,
        "max_iter": 40,
        "n_iter_no_change": 50,
    }
    model = small(cls, **arguments).fit(X, y, X_val=X_val, y_val=y_val)
    scores = model.history_["validation_score"]
    assert model.best_score_ == scores.max() == model.best_validation_score_
    assert model.best_epoch_ == scores.argmax() + 1 < 40
    assert model.stop_reason_ == "max_iter"
    last = small(cls, restore_best=False, **arguments)
    last.fit(X, y, X_val=X_val, y_val=y_val)
    assert_array_equal(last.history_["validation_score"], scores)
    assert not np.allclose(last.batch_norm_means_[0], model.batch_norm_means_[0])
    early = small(
        cls, restore_best=False, **arguments | {"max_iter": model.best_epoch_}
    )
    early.fit(X, y, X_val=X_val, y_val=y_val)
    for name in ("coefs_", "batch_norm_means_", "batch_norm_variances_"):
        assert_array_equal(getattr(early, name)[0], getattr(model, name)[0])
    if scoring is None:
        assert model.score(X_val, y_val) == pytest.approx(scores.max(), abs=1e-12)
    if scoring == "loss":
        assert_array_equal(scores, -model.history_["validation_loss"])


@both
def test_validation_without_stopping_only_adds_curves(cls):
    X, y = data(cls)
    plain = small(cls).fit(X, y)
    weight = np.linspace(0, 1, 50)
    watched = small(cls).fit(X, y, X_val=X[:50], y_val=y[:50], sample_weight_val=weight)
    assert_array_equal(watched.coefs_[0], plain.coefs_[0])
    assert len(watched.history_["validation_loss"]) == 8
    assert watched.history_["validation_score"][-1] == pytest.approx(
        watched.score(X[:50], y[:50], weight)
    )
    assert not hasattr(watched, "best_epoch_")
    assert set(plain.history_) == {
        "epoch",
        "train_loss",
        "learning_rate",
        "coef_norm",
        "seconds",
    }


@both
def test_bad_validation_data_are_refused(cls):
    X, y = data(cls)
    model = small(cls)
    for given, message in (
        ({"X_val": X}, "y_val"),
        ({"y_val": y}, "X_val"),
        ({"X_val": X[:, :3], "y_val": y}, "features"),
        ({"X_val": X, "y_val": y[:-1]}, "inconsistent"),
        (
            {"X_val": X, "y_val": y, "sample_weight_val": 0 * X[:, 0]},
            "sample_weight_val",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, **given)
        assert not hasattr(model, "coefs_")


@pytest.mark.skipif(VERSION < (1, 9), reason="this scikit-learn has no callbacks")
def test_callbacks_are_called_and_may_stop():
    class Recorder:
        calls = []

        def setup(self, estimator, context):
            self.calls.append("setup")

        def teardown(self, estimator, context):
            self.calls.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            self.calls.append(f"begin {context.task_name}")

        def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
            self.calls.append(f"end {context.task_name}")
            if context.task_name != "epoch":
                return False
            self.score = fitted_estimator.score(X, y)
            return context.task_id == 1

    X, y = digits()
    recorder = Recorder()
    model = small(MLPClassifier).set_callbacks(recorder).fit(X, y)
    epoch = ["begin epoch", "end epoch"]
    expected = ["setup", "begin fit", *epoch, *epoch, "end fit", "teardown"]
    assert recorder.calls == expected
    assert model.stop_reason_ == "callback" and model.n_iter_ == 2
    assert recorder.score == model.score(X, y)


@both
def test_verbose_tells_every_epoch(cls, capsys):
    X, y = data(cls)
    small(cls, verbose=True).fit(X, y, X_val=X, y_val=y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8
    assert all(f"Iteration {i + 1}, loss = " in line for i, line in enumerate(lines))
    assert all("validation loss" in line for line in lines)
    small(cls, verbose=True, solver="lbfgs").fit(X, y)
    assert "Iteration 1, loss" in capsys.readouterr().out


# errors

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
