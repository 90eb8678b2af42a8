"""Bagging: scikit-learn's draws and predictions, ours beyond them, and errors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import ensemble as theirs
from sklearn import linear_model as their_linear
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes, load_iris
from sklearn.metrics import mean_absolute_error
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from sklreg.ensemble import BaggingClassifier, BaggingRegressor
from sklreg.ensemble import _bagging as module
from sklreg.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge

DRAWS = [
    {},
    {"max_samples": 0.5, "max_features": 0.5, "oob_score": True},
    {"bootstrap": False, "max_samples": 100},
    {"bootstrap_features": True, "max_samples": 70},
]


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture
def one_by_one(monkeypatch):
    """Members fitted apart, whatever they are."""

    def fit(model, *args, **kwargs):
        with monkeypatch.context() as context:
            context.setattr(module, "_split", lambda estimator: (None, None))
            return model.fit(*args, **kwargs)

    return fit


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


# The fast path


EXACT = {"tol": 1e-13, "max_iter": 100_000}
LINEAR = [
    Lasso(0.5, **EXACT),
    Lasso(0.5, positive=True, **EXACT),
    Lasso(0.5, fit_intercept=False, **EXACT),
    Lasso(0.5, standardize=True, **EXACT),
    ElasticNet(0.01, **EXACT),
    Ridge(1.0),
    Ridge(0.5, fit_intercept=False),
    Ridge(1.0, standardize=True),
]


@pytest.mark.parametrize("bootstrap", [True, False, "bayesian", "stratified"])
@pytest.mark.parametrize("member", LINEAR, ids=str)
def test_fitting_together_is_fitting_one_by_one(
    member, bootstrap, diabetes, one_by_one
):
    X, y = diabetes
    draws = {"bootstrap": bootstrap, "n_estimators": 4, "random_state": 0}
    draws["max_samples"] = None if bootstrap == "bayesian" else 0.7
    given = {"strata": y > 140} if bootstrap == "stratified" else {}
    model = BaggingRegressor(member, **draws)
    assert module._split(member)[1] is member
    fast = model.fit(X, y, **given)
    coefs = np.array([m.coef_ for m in fast.estimators_])
    intercepts = np.array([m.intercept_ for m in fast.estimators_])
    predicted = fast.predict(X)
    slow = one_by_one(model, X, y, **given)
    assert_allclose(
        coefs, np.array([m.coef_ for m in slow.estimators_]), rtol=1e-6, atol=1e-6
    )
    assert_allclose(intercepts, [m.intercept_ for m in slow.estimators_], rtol=1e-6)
    assert_allclose(predicted, slow.predict(X), rtol=1e-6)


@pytest.mark.parametrize("member", [Lasso(2.0, **EXACT), Ridge(5.0)], ids=str)
def test_members_behind_a_scaler(member, diabetes, one_by_one):
    X, y = diabetes
    X = X * np.logspace(-3, 3, X.shape[1]) + 5.0
    X[:, 3] = 1.0  # constant
    model = BaggingRegressor(
        make_pipeline(StandardScaler(), member), n_estimators=4, random_state=0
    )
    fast = model.fit(X, y)
    found = [
        (m[0].mean_, m[0].var_, m[0].scale_, m[1].coef_, m[1].intercept_)
        for m in fast.estimators_
    ]
    interval, frequencies = fast.coef_interval_, fast.selection_frequencies_
    slow = one_by_one(model, X, y)
    for ours, m in zip(found, slow.estimators_, strict=True):
        theirs = (m[0].mean_, m[0].var_, m[0].scale_, m[1].coef_, m[1].intercept_)
        for a, b in zip(ours, theirs, strict=True):
            assert_allclose(a, b, rtol=1e-6, atol=1e-6 * np.abs(b).max())
    assert_allclose(interval, slow.coef_interval_, rtol=1e-5, atol=1e-9)
    assert_array_equal(frequencies, slow.selection_frequencies_)


@pytest.mark.parametrize("shape", [(60, 200), (400, 300)])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_wide_and_large_data(shape, order, dtype, one_by_one):
    rng = np.random.RandomState(0)
    X = rng.randn(*shape)
    y = X[:, :8] @ rng.randn(8) + rng.randn(shape[0])
    X = np.asarray(X, dtype=dtype, order=order)
    y = y.astype(dtype)
    for member in (Lasso(0.03, **EXACT), Ridge(3.0)):
        model = BaggingRegressor(member, n_estimators=3, random_state=0, n_jobs=2)
        fast = model.fit(X, y).predict(X)
        gaps = [np.max(m.dual_gap_) for m in model.estimators_]
        assert model.estimators_[0].coef_.dtype == dtype
        slow = one_by_one(model, X, y).predict(X)
        assert_allclose(fast, slow, rtol=2e-4 if dtype == np.float32 else 1e-6)
        assert max(gaps) < 1e-8


def test_certificates_of_members_fitted_together(diabetes):
    X, y = diabetes
    model = BaggingRegressor(Lasso(0.3), n_estimators=4, random_state=1).fit(X, y)
    for member, rows in zip(model.estimators_, model.estimators_samples_, strict=True):
        # the gap, recomputed from the rows that were drawn
        A, b = X[rows] - X[rows].mean(axis=0), y[rows] - y[rows].mean()
        residual = b - A @ member.coef_
        n = len(rows)
        primal = residual @ residual / (2 * n) + 0.3 * np.abs(member.coef_).sum()
        scale = min(1.0, 0.3 / np.abs(A.T @ residual / n).max())
        dual = (b @ b - np.sum((b - scale * residual) ** 2)) / (2 * n)
        assert abs((primal - dual) - member.dual_gap_) < 1e-9 * (b @ b) / n
        assert member.dual_gap_ < 1e-9 * (b @ b) / n


def test_models_with_a_fit_of_their_own_are_fitted_by_it(diabetes):
    class Shrunk(Lasso):
        def fit(self, X, y, sample_weight=None):
            super().fit(X, y, sample_weight=sample_weight)
            self.coef_ = self.coef_ * 0.0
            return self

    model = BaggingRegressor(Shrunk(0.1), n_estimators=2).fit(*diabetes)
    assert not np.any([member.coef_ for member in model.estimators_])


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


# Logistic members


LOGISTIC = [
    {"l1_ratio": 1.0, "C": 0.1},
    {"C": 1.0},
    {"l1_ratio": 0.5, "C": 0.3, "class_weight": "balanced"},
    {"fit_intercept": False},
]


@pytest.mark.parametrize("options", LOGISTIC, ids=str)
@pytest.mark.parametrize("scaled", [False, True])
def test_logistic_members_fitted_together(options, scaled, iris, one_by_one):
    X, y = iris
    for rows in (slice(0, 100), slice(0, 150)):
        A = X[rows] - X.mean(axis=0)
        member = LogisticRegression(tol=1e-7, max_iter=1000, **options)
        if scaled:
            member = make_pipeline(StandardScaler(), member)
        model = BaggingClassifier(member, n_estimators=3, random_state=0, n_jobs=2)
        fast = model.fit(A, y[rows]).predict_proba(A)
        gaps = [np.max((m[-1] if scaled else m).dual_gap_) for m in model.estimators_]
        slow = one_by_one(model, A, y[rows]).predict_proba(A)
        assert_allclose(fast, slow, atol=1e-6)
        assert max(gaps) < 1e-8
