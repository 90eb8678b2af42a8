"""Validation of the perceptrons, early stopping, callbacks."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import train_test_split

from sklreg.neural_network import MLPClassifier
from tests.neural_network._mlp_data import QUIET, VERSION, both, data, digits, small

pytestmark = QUIET


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
