"""Bagging: scikit-learn's draws and predictions, ours beyond them, and errors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import ensemble as theirs
from sklearn import linear_model as their_linear
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import mean_absolute_error
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from sklreg.ensemble import BaggingClassifier, BaggingRegressor
from sklreg.linear_model import Lasso, LogisticRegression, Ridge

DRAWS = [
    {},
    {"max_samples": 0.5, "max_features": 0.5, "oob_score": True},
    {"bootstrap": False, "max_samples": 100},
    {"bootstrap_features": True, "max_samples": 70},
]


# Equality with scikit-learn


@pytest.mark.filterwarnings("ignore:Some inputs do not have OOB")
@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize(
    "member", [None, their_linear.Lasso(0.1), KNeighborsRegressor()]
)
def test_regressors_are_scikit_learns(member, draws, diabetes):
    X, y = diabetes
    ours = BaggingRegressor(member, n_estimators=5, random_state=3, **draws).fit(X, y)
    reference = theirs.BaggingRegressor(member, n_estimators=5, random_state=3)
    reference.set_params(**draws).fit(X, y)
    assert_array_equal(ours.predict(X), reference.predict(X))
    for a, b in zip(
        ours.estimators_samples_, reference.estimators_samples_, strict=True
    ):
        assert_array_equal(a, b)
    if "oob_score" in draws:
        assert_array_equal(ours.oob_prediction_, reference.oob_prediction_)
        assert ours.oob_score_ == reference.oob_score_


def test_predictions_are_added_up_as_scikit_learns_jobs_do(diabetes):
    X, y = diabetes
    ours, reference = (
        kind(n_estimators=7, random_state=3).fit(X, y)
        for kind in (BaggingRegressor, theirs.BaggingRegressor)
    )
    for n_jobs in (1, 2, 3):
        found = ours.set_params(n_jobs=n_jobs).predict(X)
        assert_array_equal(found, reference.set_params(n_jobs=n_jobs).predict(X))


@pytest.mark.filterwarnings("ignore:Some inputs do not have OOB")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("draws", DRAWS)
@pytest.mark.parametrize("member", [None, GaussianNB(), SVC()])
def test_classifiers_are_scikit_learns(member, draws, iris):
    X, y = iris
    y = np.array(["a", "b", "c"])[y]
    ours, reference = (
        kind(member, n_estimators=5, random_state=3, **draws).fit(X, y)
        for kind in (BaggingClassifier, theirs.BaggingClassifier)
    )
    assert_array_equal(ours.predict(X), reference.predict(X))
    assert_array_equal(ours.predict_proba(X), reference.predict_proba(X))
    if "oob_score" in draws:
        assert_array_equal(
            ours.oob_decision_function_, reference.oob_decision_function_
        )
        assert ours.oob_score_ == reference.oob_score_


def test_jobs_do_not_matter(diabetes):
    X, y = diabetes
    alone = BaggingRegressor(n_estimators=3, random_state=0).fit(X, y)
    beside = BaggingRegressor(n_estimators=3, random_state=0, n_jobs=2).fit(X, y)
    assert_array_equal(alone.predict(X), beside.predict(X))


def test_warm_start_keeps_the_draws_of_all_members(diabetes):
    X, y = diabetes
    model = BaggingRegressor(n_estimators=3, warm_start=True, random_state=0)
    model.fit(X, y).set_params(n_estimators=6).fit(X, y)
    whole = BaggingRegressor(n_estimators=6, random_state=0).fit(X, y)
    assert_array_equal(model.predict(X), whole.predict(X))
    assert len(model.estimators_samples_) == 6
    for a, b in zip(model.estimators_samples_, whole.estimators_samples_, strict=True):
        assert_array_equal(a, b)


# Draws beyond scikit-learn's


def test_bayesian_bootstrap_weights_every_row(diabetes):
    class Recorder(Ridge):
        def fit(self, X, y, sample_weight=None):
            self.seen_ = sample_weight
            return super().fit(X, y, sample_weight=sample_weight)

    X, y = diabetes
    model = BaggingRegressor(
        Recorder(), n_estimators=200, bootstrap="bayesian", random_state=0
    ).fit(X, y)
    weights = np.array([member.seen_ for member in model.estimators_])
    assert np.all(weights > 0)
    assert_allclose(weights.sum(axis=1), len(y))
    # Dirichlet(1, ..., 1), times n: mean 1, variance (n - 1) / (n + 1)
    assert abs(weights.var() - 1.0) < 0.05


def test_stratified_draws_keep_the_shares(iris):
    X, y = iris
    keep = np.r_[0:50, 50:60, 100:103]
    X, y = X[keep], y[keep]
    model = BaggingClassifier(
        n_estimators=20, bootstrap="stratified", random_state=0, oob_score=False
    ).fit(X, y)
    for rows in model.estimators_samples_:
        assert_array_equal(np.bincount(y[rows]), [50, 10, 3])
    model.set_params(max_samples=7).fit(X, y)
    for rows in model.estimators_samples_:
        assert_array_equal(np.bincount(y[rows]), [5, 1, 1])


def test_group_draws_take_groups_whole(diabetes):
    X, y = diabetes
    groups = np.arange(len(y)) // 7
    model = BaggingRegressor(
        n_estimators=10, bootstrap="group", random_state=0, oob_score=True
    ).fit(X, y, groups=groups)
    for rows in model.estimators_samples_:
        counts = np.bincount(rows, minlength=len(y))
        for group in range(groups.max() + 1):
            assert len(np.unique(counts[groups == group])) == 1


def test_weights_are_probabilities_of_rows(diabetes):
    X, y = diabetes
    weight = np.where(np.arange(len(y)) < 20, 1.0, 0.0)
    for bootstrap in (True, "bayesian"):
        model = BaggingRegressor(
            Ridge(), n_estimators=4, bootstrap=bootstrap, random_state=0
        ).fit(X, y, sample_weight=weight)
        for rows in model.estimators_samples_:
            assert np.all(rows < 20)


# Aggregation, intervals, linear members


def test_median_and_interval_are_of_the_members(diabetes):
    X, y = diabetes
    model = BaggingRegressor(
        n_estimators=7, random_state=0, aggregation="median", max_features=0.5
    ).fit(X, y)
    each = np.array(
        [
            member.predict(X[:, features])
            for member, features in zip(
                model.estimators_, model.estimators_features_, strict=True
            )
        ]
    )
    assert_allclose(model.predict(X), np.median(each, axis=0))
    interval = model.predict_interval(X, coverage=0.5)
    assert interval.shape == (len(X), 2)
    assert_allclose(interval.T, np.quantile(each, [0.25, 0.75], axis=0))


def test_hard_votes(iris):
    X, y = iris
    model = BaggingClassifier(
        GaussianNB(), n_estimators=9, random_state=0, aggregation="hard", max_samples=20
    ).fit(X, y)
    votes = np.array([member.predict(X) for member in model.estimators_])
    expected = np.stack([(votes == k).mean(axis=0) for k in range(3)], axis=1)
    assert_allclose(model.predict_proba(X), expected)
    with np.errstate(divide="ignore"):
        assert_allclose(model.predict_log_proba(X), np.log(expected))


@pytest.mark.parametrize("aggregation", ["mean", "median"])
def test_out_of_bag_scores_by_a_callable(aggregation, diabetes):
    X, y = diabetes
    model = BaggingRegressor(
        n_estimators=30,
        random_state=0,
        oob_score=mean_absolute_error,
        aggregation=aggregation,
    ).fit(X, y)
    combine = np.mean if aggregation == "mean" else np.median
    expected = np.array(
        [
            combine(
                [
                    member.predict(X[[i]])[0]
                    for member, rows in zip(
                        model.estimators_, model.estimators_samples_, strict=True
                    )
                    if i not in rows
                ]
            )
            for i in range(20)
        ]
    )
    assert_allclose(model.oob_prediction_[:20], expected)
    assert model.oob_score_ == mean_absolute_error(y, model.oob_prediction_)


def test_out_of_bag_scores_of_labels_by_a_callable(iris):
    X, y = iris
    y = np.array(["a", "b", "c"])[y]
    seen = []

    def metric(y_true, y_pred):
        seen.extend([y_true, y_pred])
        return 0.25

    model = BaggingClassifier(
        GaussianNB(),
        n_estimators=40,
        random_state=0,
        oob_score=metric,
        aggregation="hard",
    ).fit(X, y)
    assert model.oob_score_ == 0.25
    assert_array_equal(seen[0], y)
    winners = model.classes_[np.argmax(model.oob_decision_function_, axis=1)]
    assert_array_equal(seen[1], winners)


def test_frequencies_and_intervals_of_linear_members(diabetes):
    X, y = diabetes
    model = BaggingRegressor(
        Lasso(1.0), n_estimators=20, random_state=0, max_features=0.6
    ).fit(X, y)
    coefs = np.full((20, 10), np.nan)
    for row, member, features in zip(
        coefs, model.estimators_, model.estimators_features_, strict=True
    ):
        row[features] = member.coef_
    seen = ~np.isnan(coefs)
    assert_allclose(
        model.selection_frequencies_,
        ((coefs != 0) & seen).sum(axis=0) / seen.sum(axis=0),
    )
    assert_allclose(model.coef_interval_, np.nanquantile(coefs, [0.025, 0.975], axis=0))


def test_coefficients_behind_scalers_are_those_of_the_columns(diabetes):
    X, y = diabetes
    X = X * 100.0
    for scaler in (StandardScaler(), MinMaxScaler()):
        model = BaggingRegressor(
            make_pipeline(scaler, their_linear.LinearRegression()), random_state=0
        ).fit(X, y)
        plain = BaggingRegressor(their_linear.LinearRegression(), random_state=0)
        assert_allclose(model.coef_interval_, plain.fit(X, y).coef_interval_, rtol=1e-6)


def test_members_without_coefficients_have_no_frequencies(diabetes):
    model = BaggingRegressor(n_estimators=2)
    assert not hasattr(model, "coef_interval_")
    assert not hasattr(model.fit(*diabetes), "selection_frequencies_")


# Errors


class NeedsAllClasses(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        if len(np.unique(y)) < 3:
            raise ValueError("too few classes")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


def test_a_class_missing_from_a_draw_is_named(iris):
    X, y = iris
    keep = np.r_[0:50, 50:100, 100:101]
    y = np.array(["a", "b", "rare"])[y]
    model = BaggingClassifier(NeedsAllClasses(), n_estimators=30, random_state=0)
    with pytest.raises(ValueError, match=r"none of the classes \['rare'\].*stratified"):
        model.fit(X[keep], y[keep])
    model.set_params(bootstrap="stratified").fit(X[keep], y[keep])


def test_a_draw_of_one_class_is_named_by_members_fitted_together(iris):
    X, y = iris
    y = np.where(np.arange(len(y)) < 2, "rare", "usual")
    model = BaggingClassifier(LogisticRegression(), n_estimators=30, random_state=0)
    with pytest.raises(ValueError, match=r"none of the classes \['rare'\].*stratified"):
        model.fit(X, y)
    model.set_params(bootstrap="stratified").fit(X, y)


BAD = {
    "bayesian without weights": (
        {"estimator": KNeighborsRegressor(), "bootstrap": "bayesian"},
        {},
        "KNeighborsRegressor takes no sample_weight",
    ),
    "bayesian and max_samples": (
        {"bootstrap": "bayesian", "max_samples": 5},
        {},
        "max_samples must be",
    ),
    "bayesian and oob": (
        {"bootstrap": "bayesian", "oob_score": True},
        {},
        "Out of bag estimation only available",
    ),
    "zero rows": ({"max_samples": 0}, {}, "max_samples"),
    "a fraction of zero rows": ({"max_samples": 1e-4}, {}, "not even one of the rows"),
    "no members": ({"n_estimators": 0}, {}, "n_estimators"),
    "too many features": ({"max_features": 11}, {}, "max_features must be"),
    "too many rows": (
        {"max_samples": 1000, "bootstrap": False},
        {},
        "without replacement",
    ),
    "no groups": ({"bootstrap": "group"}, {}, "needs groups"),
    "no strata": ({"bootstrap": "stratified"}, {}, "needs strata"),
    "groups for nothing": ({}, {"groups": np.ones(442)}, "groups is for"),
    "too few groups": (
        {"bootstrap": "group"},
        {"groups": np.ones(3)},
        "one label for each",
    ),
    "fewer rows than strata": (
        {"bootstrap": "stratified", "max_samples": 2},
        {"strata": np.arange(442) % 3},
        "fewer than the 3 strata",
    ),
    "all weights zero": ({}, {"sample_weight": np.zeros(442)}, r"(?i)weights.*zero"),
    "a negative weight": (
        {},
        {"sample_weight": np.r_[-1.0, np.ones(441)]},
        "Negative values in sample_weight",
    ),
    "unknown aggregation": ({"aggregation": "mode"}, {}, "aggregation"),
    "a member that cannot predict": ({"estimator": StandardScaler()}, {}, "estimator"),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_input_is_refused_and_leaves_the_estimator_alone(fault, diabetes):
    parameters, given, message = BAD[fault]
    model = BaggingRegressor(DecisionTreeRegressor(max_depth=1), n_estimators=2)
    model.set_params(**parameters)
    before = dict(vars(model))
    with pytest.raises(ValueError, match=message):
        model.fit(*diabetes, **given)
    assert vars(model) == before
    assert not hasattr(model, "estimators_")


def test_interval_needs_a_coverage_between_zero_and_one(diabetes):
    model = BaggingRegressor(n_estimators=2).fit(*diabetes)
    with pytest.raises(ValueError, match="coverage"):
        model.predict_interval(diabetes[0], coverage=1.0)
