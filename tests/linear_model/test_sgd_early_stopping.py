"""Early stopping of SGD: the best epoch is what is returned, always."""

import importlib.util

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupShuffleSplit,
    ShuffleSplit,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklreg.linear_model import SGDClassifier, SGDRegressor
from tests.linear_model._sgd_data import classification, regression

both = pytest.mark.parametrize("cls", [SGDClassifier, SGDRegressor])
CALLBACKS = importlib.util.find_spec("sklearn.callback") is not None
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def data(cls):
    return classification() if cls is SGDClassifier else regression()


@pytest.fixture(scope="module")
def overfitting():
    """The worked example with 30 powers: 24 rows to train on, 6 to validate."""
    rng = np.random.RandomState(42)
    X = np.linspace(0, 1, 30).reshape(-1, 1)
    y = (20 * X**3 - 15 * X**2 + 10 * X + 5).ravel() + 2 * rng.randn(30)
    X_train, X_val, y_train, y_val = train_test_split(
        X, y, test_size=0.2, random_state=42
    )
    powers = make_pipeline(PolynomialFeatures(30, include_bias=False), StandardScaler())
    return powers.fit_transform(X_train), y_train, powers.transform(X_val), y_val


def polynomial(**arguments):
    return SGDRegressor(
        penalty=None,
        learning_rate="constant",
        eta0=0.005,
        random_state=0,
        early_stopping=True,
        **arguments,
    )


def test_the_best_epoch_of_an_overfitting_model_is_returned(overfitting):
    X, y, X_val, y_val = overfitting
    model = polynomial(max_iter=1000, tol=None).fit(X, y, X_val=X_val, y_val=y_val)
    scores = model.history_["validation_score"]
    assert len(scores) == 1000
    assert model.score(X_val, y_val) == scores.max() == model.best_score_
    assert model.best_epoch_ == scores.argmax() + 1
    # it did overfit: training went on improving while validation got worse
    best, last = model.best_epoch_ - 1, -1
    assert scores[last] < scores[best] - 0.05
    assert model.history_["train_loss"][last] < model.history_["train_loss"][best]
    assert model.stop_reason_ == "max_iter"
    again = polynomial(max_iter=model.best_epoch_, tol=None, restore_best=False)
    again.fit(X, y, X_val=X_val, y_val=y_val)
    assert_array_equal(again.coef_, model.coef_)
    assert again.intercept_ == model.intercept_


def test_patience_stops_and_still_returns_the_best(overfitting):
    X, y, X_val, y_val = overfitting
    arguments = {"max_iter": 1000, "tol": 0.0, "n_iter_no_change": 15}
    model = polynomial(**arguments).fit(X, y, X_val=X_val, y_val=y_val)
    assert model.stop_reason_ == "early_stopping"
    assert model.n_iter_ == model.best_epoch_ + 15 < 1000
    assert model.score(X_val, y_val) == model.history_["validation_score"].max()
    last = polynomial(restore_best=False, **arguments)
    last.fit(X, y, X_val=X_val, y_val=y_val)
    assert last.best_epoch_ == model.best_epoch_
    assert last.score(X_val, y_val) == model.history_["validation_score"][-1]
    assert last.score(X_val, y_val) < model.score(X_val, y_val)


@pytest.mark.parametrize("average", [False, True, 100])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("batch_size", [1, 10])
def test_returned_score_is_the_maximum(average, n_classes, container, batch_size):
    X, y = classification(n_classes)
    X, X_val, y, y_val = train_test_split(X, y, random_state=0)
    model = SGDClassifier(
        early_stopping=True,
        average=average,
        batch_size=batch_size,
        random_state=0,
        n_jobs=2,
    ).fit(container(X), y, X_val=container(X_val), y_val=y_val)
    assert model.score(X_val, y_val) == model.history_["validation_score"].max()
    assert len(model.history_["validation_score"]) == model.n_iter_


@both
def test_own_split_is_scikit_learns(cls):
    X, y = data(cls)
    model = cls(early_stopping=True, random_state=4, max_iter=20, tol=None).fit(X, y)
    if cls is SGDClassifier:
        cut = StratifiedShuffleSplit(1, test_size=0.1, random_state=4)
    else:
        cut = ShuffleSplit(1, test_size=0.1, random_state=4)
    _, held_out = next(cut.split(X, y))
    assert_allclose(model.score(X[held_out], y[held_out]), model.best_score_)


@both
@pytest.mark.parametrize("shuffle", [True, False])
def test_rows_held_out_are_not_trained_on(cls, shuffle):
    X, y = data(cls)
    rows = np.arange(len(y))
    held_out = rows % 7 == 3
    spoilt = X.copy()
    spoilt[held_out] *= -1000
    arguments = {"early_stopping": True, "max_iter": 5, "tol": None, "random_state": 0}
    arguments |= {"restore_best": False, "shuffle": shuffle}
    arguments["validation_split"] = [(rows[~held_out], rows[held_out])]
    model = cls(**arguments).fit(X, y)
    assert_array_equal(cls(**arguments).fit(spoilt, y).coef_, model.coef_)
    batches = cls(batch_size=3, **arguments).fit(X, y)
    assert_array_equal(
        cls(batch_size=3, **arguments).fit(spoilt, y).coef_, batches.coef_
    )


def test_splits_for_time_and_groups():
    X, y = regression()
    _, future = next(TimeSeriesSplit(2).split(X))
    model = SGDRegressor(
        early_stopping=True, validation_split=TimeSeriesSplit(2), random_state=0
    ).fit(X, y)
    assert_allclose(model.score(X[future], y[future]), model.best_score_)
    groups = np.arange(len(y)) // 10
    pairs = list(GroupShuffleSplit(1, random_state=0).split(X, y, groups))
    model.set_params(validation_split=pairs).fit(X, y)
    _, held_out = pairs[0]
    assert_allclose(model.score(X[held_out], y[held_out]), model.best_score_)
    search = GridSearchCV(
        model.set_params(validation_split=TimeSeriesSplit(2)), {"alpha": [1e-4, 1e-2]}
    )
    assert search.fit(X, y).best_estimator_.stop_reason_ == "early_stopping"


def test_scoring_by_loss_by_name_and_by_callable():
    X, y = classification(3)
    X, X_val, y, y_val = train_test_split(X, y, random_state=0)
    base = SGDClassifier("log_loss", early_stopping=True, random_state=0, max_iter=15)

    def fit(scoring, **arguments):
        model = clone(base).set_params(early_stopping_scoring=scoring, **arguments)
        return model.fit(X, y, X_val=X_val, y_val=y_val)

    model = fit("loss", tol=0.0)
    assert_array_equal(
        model.history_["validation_score"], -model.history_["validation_loss"]
    )
    targets = (y_val[:, None] == model.classes_).astype(float)
    binary = [
        log_loss(target, expit(raw), labels=[0, 1])
        for target, raw in zip(targets.T, model.decision_function(X_val).T, strict=True)
    ]
    assert_allclose(model.history_["validation_loss"].min(), np.mean(binary))

    named = fit("neg_log_loss")
    expected = -log_loss(y_val, named.predict_proba(X_val))
    assert_allclose(named.best_score_, expected)

    called = fit(lambda model, X, y: -float(np.abs(model.coef_).sum()), tol=None)
    assert called.best_epoch_ == np.argmin(-called.history_["validation_score"]) + 1
    assert_allclose(called.best_score_, -np.abs(called.coef_).sum())


@both
def test_validation_weights_are_used(cls):
    X, y = data(cls)
    X, X_val, y, y_val = train_test_split(X, y, random_state=0)
    weight = np.where(np.arange(len(y_val)) % 3, 0.1, 2.0)
    model = cls(early_stopping=True, random_state=0)
    model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weight)
    assert model.score(X_val, y_val, weight) == model.best_score_
    own = cls(
        early_stopping=True,
        random_state=0,
        validation_split=[(np.arange(100), np.arange(100, len(y)))],
    )
    weight = np.linspace(0.1, 3, len(y))
    own.fit(X, y, sample_weight=weight)
    assert_allclose(own.score(X[100:], y[100:], weight[100:]), own.best_score_)


@both
def test_validation_without_stopping_only_adds_curves(cls):
    X, y = data(cls)
    arguments = {"random_state": 0, "max_iter": 6, "tol": None}
    plain = cls(**arguments).fit(X, y)
    watched = cls(**arguments).fit(X, y, X_val=X[:50], y_val=y[:50])
    assert_array_equal(watched.coef_, plain.coef_)
    assert len(watched.history_["validation_loss"]) == 6
    assert not hasattr(watched, "best_epoch_")
    settled = cls(random_state=0, tol=1e-2).fit(X, y, X_val=X[:50], y_val=y[:50])
    assert settled.stop_reason_ == "training_loss"
    assert settled.n_iter_ == cls(random_state=0, tol=1e-2).fit(X, y).n_iter_


@both
def test_adaptive_rate_is_cut_before_stopping(cls):
    X, y = data(cls)
    model = cls(
        learning_rate="adaptive",
        eta0=0.5,
        early_stopping=True,
        random_state=0,
        n_iter_no_change=2,
        tol=0.01,
    ).fit(X, y)
    rates = np.unique(model.history_["learning_rate"])[::-1]
    assert_allclose(rates, 0.5 / 5.0 ** np.arange(len(rates)))
    assert rates[-1] <= 1e-6
    assert model.stop_reason_ == "early_stopping"


@both
def test_no_warning_if_early_stopping_came_in_time(cls, recwarn):
    X, y = data(cls)
    model = cls(early_stopping=True, random_state=0).fit(X, y)
    assert model.stop_reason_ == "early_stopping"
    assert not [w for w in recwarn if w.category is ConvergenceWarning]
    with pytest.warns(ConvergenceWarning, match="Maximum number of iteration"):
        cls(early_stopping=True, random_state=0, max_iter=2).fit(X, y)


def test_works_on_data_frames_without_warnings(recwarn):
    pandas = pytest.importorskip("pandas")
    X, y = classification()
    frame = pandas.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    SGDClassifier(early_stopping=True).fit(frame, y)
    SGDClassifier(early_stopping=True).fit(frame, y, X_val=frame[:50], y_val=y[:50])
    assert not [w for w in recwarn if "feature names" in str(w.message)]


@pytest.mark.skipif(not CALLBACKS, reason="this scikit-learn has no callbacks")
class TestCallbacks:
    class Recorder:
        def __init__(self, stop_at=None):
            self.calls = []
            self.stop_at = stop_at

        def setup(self, estimator, context):
            self.calls.append("setup")

        def teardown(self, estimator, context):
            self.calls.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            self.calls.append(f"begin {context.task_name}")

        def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
            self.calls.append(f"end {context.task_name}")
            if context.task_name == "epoch":
                self.score = fitted_estimator.score(X, y)
                return context.task_id + 1 == self.stop_at
            return False

    @both
    def test_are_called_for_the_fit_and_every_epoch(self, cls):
        X, y = data(cls)
        recorder = self.Recorder()
        arguments = {"random_state": 0, "max_iter": 2, "tol": None}
        model = cls(**arguments).set_callbacks(recorder).fit(X, y)
        epoch = ["begin epoch", "end epoch"]
        assert recorder.calls == [
            "setup",
            "begin fit",
            *epoch,
            *epoch,
            "end fit",
            "teardown",
        ]
        assert recorder.score == model.score(X, y)
        assert_array_equal(model.coef_, cls(**arguments).fit(X, y).coef_)

    def test_may_stop_the_fit(self):
        X, y = classification(3)
        model = SGDClassifier(tol=None).set_callbacks(self.Recorder(stop_at=3))
        assert model.fit(X, y).n_iter_ == 3
        assert model.stop_reason_ == "callback"

    def test_are_torn_down_after_an_error(self):
        X, y = regression()
        recorder = self.Recorder()
        model = SGDRegressor()
        with pytest.raises(ValueError, match="overflow"):
            model.set_callbacks(recorder).fit(1e200 * X, y)
        assert recorder.calls[-1] == "teardown"
        assert not hasattr(model, "coef_")

    def test_progress_bar(self, capsys):
        pytest.importorskip("rich")
        from sklearn.callback import ProgressBar

        X, y = classification()
        SGDClassifier(max_iter=3).set_callbacks(ProgressBar()).fit(X, y)
        assert "SGDClassifier" in capsys.readouterr().out
