"""Gradient boosting: scikit-learn's stages, early stopping, other regressors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import ensemble as theirs
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import TimeSeriesSplit, train_test_split
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier

from sklreg.ensemble import (
    ComponentwiseLeastSquares,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)
from sklreg.ensemble._objective import CLASSIFICATION, REGRESSION


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def split(diabetes):
    return train_test_split(*diabetes, random_state=0)


# Equality with scikit-learn


@pytest.mark.parametrize("subsample", [1.0, 0.5])
@pytest.mark.parametrize("max_features", [None, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_stages_are_scikit_learns(
    subsample, max_features, weighted, diabetes
):
    X, y = diabetes
    given = {"subsample": subsample, "max_features": max_features, "random_state": 0}
    # two splits that tie to rounding may fall either way; these weights meet none
    weight = np.random.RandomState(1).uniform(1, 2, len(y)) if weighted else None
    ours = GradientBoostingRegressor(n_estimators=10, **given)
    ours.fit(X, y, sample_weight=weight)
    reference = theirs.GradientBoostingRegressor(n_estimators=10, **given)
    reference.fit(X, y, sample_weight=weight)
    assert_allclose(ours.predict(X), reference.predict(X), rtol=1e-10)
    assert_allclose(ours.train_score_, reference.train_score_)
    assert_allclose(ours.feature_importances_, reference.feature_importances_)
    assert_array_equal(ours.apply(X), reference.apply(X))
    if subsample < 1:
        assert_allclose(ours.oob_improvement_, reference.oob_improvement_)
        assert ours.oob_score_ == pytest.approx(reference.oob_score_)


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_log_loss_stages_are_scikit_learns(load):
    X, y = load(return_X_y=True)
    ours = GradientBoostingClassifier(n_estimators=8, random_state=0).fit(X, y)
    reference = theirs.GradientBoostingClassifier(n_estimators=8, random_state=0)
    reference.fit(X, y)
    assert_allclose(ours.predict_proba(X), reference.predict_proba(X), rtol=1e-10)
    assert_allclose(ours.decision_function(X), reference.decision_function(X))
    assert_allclose(ours.train_score_, reference.train_score_)


# Losses


@pytest.mark.parametrize("loss", REGRESSION)
@pytest.mark.parametrize(
    "estimator", [None, ComponentwiseLeastSquares(), TheirRidge()], ids=str
)
def test_every_loss_of_regression_falls(loss, estimator, diabetes):
    X, y = diabetes
    model = GradientBoostingRegressor(
        loss=loss, estimator=estimator, n_estimators=15, random_state=0, epsilon=5.0
    ).fit(X, y)
    if loss != "huber":  # which changes with the stages
        assert np.all(np.diff(model.train_score_) <= 1e-9)
    assert model.train_score_[-1] < 0.9 * model.train_score_[0]


@pytest.mark.parametrize("loss", CLASSIFICATION)
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
@pytest.mark.parametrize("estimator", [None, ComponentwiseLeastSquares()], ids=str)
def test_every_loss_of_classes_falls(loss, load, estimator):
    X, y = load(return_X_y=True)
    model = GradientBoostingClassifier(
        loss=loss, estimator=estimator, n_estimators=15, random_state=0
    ).fit(X, y)
    assert np.all(np.diff(model.train_score_) <= 1e-9)
    assert model.train_score_[-1] < 0.7 * model.train_score_[0]
    assert model.score(X, y) > 0.7
    assert hasattr(model, "predict_proba") == (loss in ("log_loss", "modified_huber"))
    if hasattr(model, "predict_proba"):
        assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


@pytest.mark.parametrize("loss", ["absolute_error", "quantile", "epsilon_insensitive"])
def test_leaves_have_the_value_that_the_loss_wants(loss, diabetes):
    X, y = diabetes
    model = GradientBoostingRegressor(
        loss=loss, learning_rate=1.0, n_estimators=1, alpha=0.8, epsilon=10.0
    ).fit(X, y)
    objective = model._objective
    leaves = model.apply(X)[:, 0]
    raw = model.predict(X)
    for leaf in np.unique(leaves):
        rows = leaves == leaf

        def value(shift, rows=rows):
            return objective.loss.value(y[rows], raw[rows] + shift).sum()

        shifts = np.linspace(-20, 20, 401)
        assert min(value(shift) for shift in shifts) >= value(0.0) - 1e-9


# L2-boosting


def test_componentwise_least_squares_finds_the_best_feature(diabetes):
    X, y = diabetes
    weight = np.random.RandomState(0).uniform(0, 2, len(y))
    X = X + 3.0
    model = ComponentwiseLeastSquares().fit(X, y, sample_weight=weight)
    errors, fits = [], []
    for j in range(X.shape[1]):
        alone = LinearRegression().fit(X[:, [j]], y, sample_weight=weight)
        errors.append(weight @ (y - alone.predict(X[:, [j]])) ** 2)
        fits.append(alone)
    assert model.feature_ == np.argmin(errors)
    best = fits[model.feature_]
    assert_allclose(model.coef_[model.feature_], best.coef_[0])
    assert_allclose(model.intercept_, best.intercept_)
    assert np.count_nonzero(model.coef_) == 1


def test_boosted_components_come_to_least_squares(diabetes):
    X, y = diabetes
    X = np.delete(X, [4, 5, 6, 7, 8], axis=1)  # what is left is well conditioned
    model = GradientBoostingRegressor(
        estimator=ComponentwiseLeastSquares(), learning_rate=0.5, n_estimators=150
    ).fit(X, y)
    limit = LinearRegression().fit(X, y)
    assert_allclose(model.coef_path_[:, -1], limit.coef_, rtol=1e-4)
    assert_allclose(model.predict(X), limit.predict(X), rtol=1e-4)
    predicted = X @ model.coef_path_[:, 10]
    staged = list(model.staged_predict(X))[10]
    assert np.ptp(staged - predicted) < 1e-9


def test_columns_drawn_for_other_regressors(diabetes):
    X, y = diabetes
    model = GradientBoostingRegressor(
        estimator=TheirRidge(), max_features=3, n_estimators=10, random_state=0
    ).fit(X, y)
    assert model.max_features_ == 3
    assert all(member.n_features_in_ == 3 for member in model.estimators_[:, 0])
    assert len({tuple(used) for used in model._columns}) > 1


# Early stopping


def test_the_model_is_cut_at_the_best_stage(split):
    X, X_val, y, y_val = split
    model = GradientBoostingRegressor(
        learning_rate=0.5, n_estimators=200, n_iter_no_change=8, tol=0.0, random_state=0
    ).fit(X, y, X_val=X_val, y_val=y_val)
    losses = model.history_["validation_loss"]
    assert model.stop_reason_ == "early_stopping"
    assert model.best_stage_ == np.argmin(losses) + 1
    assert model.n_estimators_ == len(model.estimators_) == model.best_stage_
    assert len(losses) == model.best_stage_ + 8
    assert_allclose(mean_squared_error(y_val, model.predict(X_val)) / 2, np.min(losses))
    assert_allclose(model.best_score_, -np.min(losses))

    model.set_params(restore_best=False).fit(X, y, X_val=X_val, y_val=y_val)
    assert model.n_estimators_ == len(losses)


def test_validation_rows_alone_change_nothing_but_the_history(split):
    X, X_val, y, y_val = split
    plain = GradientBoostingRegressor(n_estimators=5, random_state=0).fit(X, y)
    judged = GradientBoostingRegressor(n_estimators=5, random_state=0)
    judged.fit(X, y, X_val=X_val, y_val=y_val)
    assert_array_equal(plain.predict(X_val), judged.predict(X_val))
    staged = [
        mean_squared_error(y_val, predicted) / 2
        for predicted in judged.staged_predict(X_val)
    ]
    assert_allclose(judged.history_["validation_loss"], staged)
    assert not hasattr(judged, "best_stage_")


def test_scores_and_staged_predictions_of_a_classifier():
    X, y = load_iris(return_X_y=True)
    y = np.array(["a", "b", "c"])[y]
    X, X_val, y, y_val = train_test_split(X, y, random_state=0, stratify=y)
    model = GradientBoostingClassifier(
        n_estimators=30,
        n_iter_no_change=30,
        early_stopping_scoring="accuracy",
        random_state=0,
    ).fit(X, y, X_val=X_val, y_val=y_val)
    accuracies = model.history_["validation_score"]
    best = np.argmax(accuracies)
    assert model.best_stage_ == best + 1
    assert model.score(X_val, y_val) == accuracies[best] == model.best_score_
    assert_allclose(
        [log_loss(y_val, p) for p in model.staged_predict_proba(X_val)],
        model.history_["validation_loss"][: best + 1],
    )
    for raw, labels in zip(
        model.staged_decision_function(X_val), model.staged_predict(X_val), strict=True
    ):
        assert_array_equal(model.classes_[np.argmax(raw, axis=1)], labels)


def test_a_split_of_ones_own(diabetes):
    X, y = diabetes
    splitter = TimeSeriesSplit(2)
    model = GradientBoostingRegressor(
        n_estimators=5, n_iter_no_change=5, validation_split=splitter, random_state=0
    ).fit(X, y)
    train, held = next(iter(splitter.split(X)))
    given = GradientBoostingRegressor(
        n_estimators=5, n_iter_no_change=5, random_state=0
    ).fit(X[train], y[train], X_val=X[held], y_val=y[held])
    assert_array_equal(model.predict(X), given.predict(X))


def test_monitor_and_verbose(diabetes, capsys):
    model = GradientBoostingRegressor(n_estimators=9, verbose=1)
    model.fit(*diabetes, monitor=lambda i, model, state: i == 3)
    assert model.n_estimators_ == 4
    assert model.stop_reason_ == "monitor"
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_callbacks():
    pytest.importorskip("sklearn.callback")
    calls = []

    class Recorder:
        def setup(self, estimator, context):
            calls.append("setup")

        def teardown(self, estimator, context):
            calls.append("teardown")

        def on_fit_task_begin(self, estimator, context, **values):
            calls.append(f"begin {context.task_name}")

        def on_fit_task_end(self, estimator, context, **values):
            calls.append(f"end {context.task_name}")
            return False

    model = GradientBoostingRegressor(n_estimators=3)
    model.set_callbacks(Recorder()).fit(*load_diabetes(return_X_y=True))
    stages = [call for call in calls if call not in ("setup", "teardown")][1:-1]
    assert calls[0] == "setup" and calls[-1] == "teardown"
    assert len(stages) == 6 and len(set(stages)) == 2


# Going on


@pytest.mark.parametrize("estimator", [None, ComponentwiseLeastSquares()], ids=str)
def test_warm_start_goes_on_where_it_was(estimator, diabetes):
    X, y = diabetes
    given = {"random_state": 0, "subsample": 0.5, "estimator": estimator}
    model = GradientBoostingRegressor(n_estimators=4, warm_start=True, **given)
    model.fit(X, y).set_params(n_estimators=9).fit(X, y)
    whole = GradientBoostingRegressor(n_estimators=9, **given).fit(X, y)
    assert_allclose(model.predict(X), whole.predict(X), rtol=1e-12)
    assert_allclose(model.oob_improvement_, whole.oob_improvement_)
    assert_allclose(model.train_score_, whole.train_score_)


def test_initial_estimators():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    for init in ("zero", LogisticRegression()):
        ours = GradientBoostingClassifier(init=init, n_estimators=3, random_state=0)
        reference = theirs.GradientBoostingClassifier(
            init=init, n_estimators=3, random_state=0
        )
        assert_allclose(
            ours.fit(X, y).predict_proba(X),
            reference.fit(X, y).predict_proba(X),  # its first estimator sees float32
            atol=1e-5,
        )
    X, y = load_diabetes(return_X_y=True)
    ours = GradientBoostingRegressor(init=LinearRegression(), n_estimators=3)
    reference = theirs.GradientBoostingRegressor(
        init=LinearRegression(), n_estimators=3
    )
    expected = reference.fit(X, y).predict(X)
    assert_allclose(ours.fit(X, y).predict(X), expected, rtol=1e-5)


# Errors


BAD = {
    "no stages": ({"n_estimators": 0}, {}, "n_estimators"),
    "a member without sample_weight": (
        {"estimator": KNeighborsRegressor()},
        {"sample_weight": np.ones(442)},
        "KNeighborsRegressor takes no sample_weight",
    ),
    "init without sample_weight": (
        {"init": KNeighborsRegressor()},
        {"sample_weight": np.ones(442)},
        "initial estimator KNeighborsRegressor does not support sample weights",
    ),
    "tree parameters beside an estimator": (
        {"estimator": TheirRidge(), "max_depth": 2},
        {},
        "max_depth: for the default tree only",
    ),
    "a classifier as the regressor": (
        {"estimator": DecisionTreeClassifier()},
        {},
        "must be a regressor",
    ),
    "too many features": ({"max_features": 11}, {}, "max_features=11"),
    "y_val alone": ({}, {"y_val": np.ones(3)}, "need X_val"),
    "X_val alone": ({}, {"X_val": np.ones((3, 10))}, "needs y_val"),
    "X_val with other columns": (
        {},
        {"X_val": np.ones((3, 9)), "y_val": np.ones(3)},
        "9 features",
    ),
    "an unknown loss": ({"loss": "hinge"}, {}, "loss"),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_input_is_refused_and_leaves_the_estimator_alone(fault, diabetes):
    parameters, given, message = BAD[fault]
    model = GradientBoostingRegressor(n_estimators=2).set_params(**parameters)
    before = dict(vars(model))
    with pytest.raises(ValueError, match=message):
        model.fit(*diabetes, **given)
    assert vars(model) == before


def test_bad_classes_are_refused():
    X, y = load_iris(return_X_y=True)
    model = GradientBoostingClassifier(n_estimators=2)
    with pytest.raises(ValueError, match="one class only"):
        model.fit(X[:50], y[:50])
    with pytest.raises(ValueError, match=r"y_val holds the classes \[2\]"):
        model.fit(X[:100], y[:100], X_val=X[90:], y_val=y[90:])
    with pytest.raises(ValueError, match="trimmed classes"):
        model.fit(X, y, sample_weight=(y == 0).astype(float))
    model.set_params(warm_start=True).fit(X, y).set_params(n_estimators=4)
    with pytest.raises(ValueError, match="goes on with the classes"):
        model.fit(X[:100], y[:100])
