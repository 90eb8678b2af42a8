"""Linear members of bagging, all fitted in one call of their solver."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, xlogy
from sklearn.datasets import make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklreg.ensemble import BaggingClassifier, BaggingRegressor
from sklreg.ensemble import _bagging as module
from sklreg.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklreg.linear_model import _logistic_weightings as members
from sklreg.solvers import logistic_weightings as solver

# Least squares


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
    X[:, 4] = 0.0
    X[0, 4] = 1.0  # constant in draws without the first row
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


@pytest.fixture
def solved(monkeypatch):
    """What the solver of all weightings has found, None where it left one alone."""
    found, solve = [], members.logistic_weightings

    def remember(*args, **kwargs):
        fits = solve(*args, **kwargs)
        found.extend(fits)
        return fits

    monkeypatch.setattr(members, "logistic_weightings", remember)
    return found


@pytest.fixture
def own_models(monkeypatch):
    """The models that weightings have turned to for want of a better shared one."""
    made, model = [], solver.OwnModel

    def remember(*args):
        made.append(model(*args))
        return made[-1]

    monkeypatch.setattr(solver, "OwnModel", remember)
    return made


def classes(n, p, **options):
    X, y = make_classification(n, p, n_informative=8, random_state=0, **options)
    return X, y


def problem(kind):
    X, y = classes(300, 40)
    draws, options = {}, {}
    if kind == "wide":
        X, y = classes(80, 300)
    elif kind == "few rows":
        draws = {"max_samples": 60}
    elif kind == "dependent columns":
        X = np.hstack([X, X[:, ::-1], X[:, :1] + X[:, 1:2], np.ones((len(X), 1))])
    elif kind == "one direction":
        X = X + 20.0 * np.random.RandomState(0).randn(len(X), 1)
    elif kind == "scales":
        X = X * np.logspace(-3, 3, X.shape[1])
        options = {"standardize": True}
    elif kind == "bounds":
        options = {"coef_bounds": (-0.1, 0.2)}
    elif kind == "factors":
        options = {"penalty_factor": np.linspace(0.5, 2.0, X.shape[1])}
    elif kind == "elastic net":
        options = {"l1_ratio": 0.5}
    elif kind == "no intercept":
        options = {"fit_intercept": False}
    elif kind == "Bayesian":
        draws = {"bootstrap": "bayesian"}
    elif kind == "single precision":
        X = np.asfortranarray(X, dtype=np.float32)
    member = LogisticRegression(**{"l1_ratio": 1.0, "C": 0.3, "tol": 1e-6, **options})
    return X, y, BaggingClassifier(member, 3, random_state=0, **draws)


@pytest.mark.parametrize(
    "kind",
    [
        "tall",
        "wide",
        "few rows",
        "dependent columns",
        "one direction",
        "scales",
        "bounds",
        "factors",
        "elastic net",
        "no intercept",
        "Bayesian",
        "single precision",
    ],
)
def test_logistic_members_share_their_steps(kind, solved, one_by_one):
    X, y, model = problem(kind)
    fast = model.fit(X, y).decision_function(X)
    assert len(solved) == 3 and all(fit is not None for fit in solved)
    assert all(m.dual_gap_ < 1e-9 for m in model.estimators_)
    slow = one_by_one(model, X, y).decision_function(X)
    close = 1e-6 * np.abs(slow).max()
    assert_allclose(
        fast, slow, atol=10 * close if kind == "single precision" else close
    )


def test_weightings_far_from_the_mean_have_models_of_their_own(own_models):
    X, y, model = problem("wide")
    model.set_params(n_estimators=2, estimator__C=10.0).fit(X, y)
    assert len(own_models) >= 2
    assert all(m.dual_gap_ < 1e-9 for m in model.estimators_)


@pytest.mark.parametrize("reason", ["overflow", "steps", "size", "no L1"])
def test_logistic_members_left_alone_are_solved_apart(
    reason, solved, one_by_one, monkeypatch
):
    X, y, model = problem("tall")
    if reason == "overflow":  # of single precision
        X = 1e30 * X
        model.set_params(estimator__C=0.3e-30)
    elif reason == "steps":
        monkeypatch.setattr(solver, "_STEPS", 2)
    elif reason == "size":
        monkeypatch.setattr(solver.SharedPanel, "cover", lambda *args: False)
    else:
        model.set_params(estimator__l1_ratio=0.0)
    fast = model.fit(X, y).decision_function(X)
    assert solved == ([] if reason == "no L1" else [None] * 3)
    assert_allclose(fast, one_by_one(model, X, y).decision_function(X), atol=1e-6)


@pytest.mark.parametrize("intercept", [True, False])
def test_certificates_of_logistic_members(intercept, solved):
    X, y = classes(400, 60)
    C = 0.1
    member = LogisticRegression(l1_ratio=1.0, C=C, fit_intercept=intercept)
    model = BaggingClassifier(member, 3, random_state=0).fit(X, y)
    assert None not in solved
    for m, rows in zip(model.estimators_, model.estimators_samples_, strict=True):
        # the gap, recomputed from the rows that were drawn
        A, sign = X[rows], np.where(y[rows] > 0, 1.0, -1.0)
        w, margin = m.coef_[0], sign * m.decision_function(A)
        primal = np.sum(np.logaddexp(0.0, -margin)) + np.abs(w).sum() / C
        share = expit(-margin)
        if intercept:
            bend = share * (1.0 - share)
            share = share - sign * bend * (np.sum(sign * share) / bend.sum())
        share *= min(1.0, 1.0 / C / np.abs(A.T @ (sign * share)).max())
        dual = -np.sum(xlogy(share, share) + xlogy(1.0 - share, 1.0 - share))
        null = len(rows) * np.log(2.0)
        assert abs((primal - dual) - m.dual_gap_) < 1e-11 * null
        assert m.dual_gap_ < 1e-8 * null
