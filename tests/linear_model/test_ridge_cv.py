"""RidgeCV: leave-one-out and folds against scikit-learn and against plain refits.

What holds for every estimator of the package is in tests/common.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.linear_model import RidgeCV as TheirRidgeCV
from sklearn.metrics import get_scorer, make_scorer, mean_absolute_error
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    RepeatedKFold,
    ShuffleSplit,
)

from sklreg.linear_model import Ridge, RidgeCV

SHAPES = [(40, 12), (12, 40), (20, 20)]
ALPHAS = np.logspace(-3, 3, 7)
# Older grid searches gave the weights to the fits only.
SEARCH_WEIGHTS_SCORES = hasattr(GridSearchCV, "_check_scorers_accept_sample_weight")
CONTAINERS = [np.asarray, np.asfortranarray, sparse.csr_matrix, sparse.csc_array]


def problem(shape, n_targets=None, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal(shape) * (rng.random_sample(shape) < 0.6) + 0.3
    y = rng.standard_normal(shape[0] if n_targets is None else (shape[0], n_targets))
    return X, y + 5, rng.random_sample(shape[0]) + 0.1


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("n_targets", [None, 1, 3])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_leave_one_out_agrees_with_scikit_learn(
    shape, container, n_targets, fit_intercept, weighted
):
    X, y, weights = problem(shape, n_targets)
    weights = weights if weighted else None
    options = dict(fit_intercept=fit_intercept, store_cv_results=True)
    theirs = TheirRidgeCV(ALPHAS, gcv_mode="svd", **options).fit(X, y, weights)
    for mode in ("eigen", "svd") if isinstance(container(X), np.ndarray) else (None,):
        ours = RidgeCV(ALPHAS, gcv_mode=mode, **options).fit(container(X), y, weights)
        assert ours.alpha_ == theirs.alpha_
        assert ours.cv_results_.shape == theirs.cv_results_.shape
        assert_allclose(ours.cv_results_, theirs.cv_results_, rtol=1e-7, atol=1e-10)
        assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-9)
        assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8, atol=1e-10)
        assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-8)
        assert np.shape(ours.dual_gap_) == np.shape(y)[1:]
        assert np.all(ours.dual_gap_ <= 1e-12 * np.sum(y**2))


def scaled_error(y, predicted, sample_weight=None):
    return mean_absolute_error(y, 2 * predicted, sample_weight=sample_weight)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha_per_target", [False, True])
@pytest.mark.parametrize("scoring", [None, "r2", make_scorer(scaled_error)])
@pytest.mark.parametrize("shape", SHAPES)
def test_leave_one_out_scoring(shape, scoring, alpha_per_target, weighted):
    X, Y, weights = problem(shape, 3)
    weights = weights if weighted else None
    options = dict(
        alphas=ALPHAS,
        scoring=scoring,
        alpha_per_target=alpha_per_target,
        store_cv_results=True,
    )
    ours = RidgeCV(**options).fit(X, Y, weights)
    theirs = TheirRidgeCV(**options, gcv_mode="svd").fit(X, Y, weights)
    assert_array_equal(ours.alpha_, theirs.alpha_)
    assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-9)
    assert_allclose(ours.cv_results_, theirs.cv_results_, rtol=1e-7, atol=1e-10)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("scoring", [None, "neg_mean_squared_error"])
@pytest.mark.parametrize("shape", SHAPES)
def test_weight_zero_is_a_row_left_out(shape, scoring):
    X, y, weights = problem(shape)
    idle = np.arange(shape[0]) % 4 == 1
    weights[idle] = 0
    options = dict(alphas=ALPHAS, scoring=scoring, store_cv_results=True)
    kept = RidgeCV(**options).fit(X[~idle], y[~idle], weights[~idle])
    X[idle], y[idle] = 50 * X[idle], -50 * y[idle]
    for mode in ("eigen", "svd"):
        model = RidgeCV(gcv_mode=mode, **options).fit(X, y, weights)
        assert model.alpha_ == kept.alpha_
        assert_allclose(model.best_score_, kept.best_score_, rtol=1e-9)
        assert_allclose(model.coef_, kept.coef_, rtol=1e-9, atol=1e-12)
        assert_allclose(model.cv_results_[~idle], kept.cv_results_, rtol=1e-7)
        if scoring is not None:
            # No fit knew those rows: their left-out predictions are plain ones.
            at = list(ALPHAS).index(model.alpha_)
            expected = model.predict(X[idle])
            assert_allclose(model.cv_results_[idle, at], expected, rtol=1e-7)


def test_weight_zero_is_a_row_left_out_of_folds():
    X, y, weights = problem((30, 6))
    idle = np.arange(30) % 5 == 2
    weights[idle] = 0
    splits = list(KFold(3).split(X))
    shorter = np.cumsum(~idle) - 1
    kept = [tuple(shorter[part[~idle[part]]] for part in split) for split in splits]
    model = RidgeCV(ALPHAS, cv=splits).fit(X, y, weights)
    expected = RidgeCV(ALPHAS, cv=kept).fit(X[~idle], y[~idle], weights[~idle])
    assert model.alpha_ == expected.alpha_
    assert_allclose(model.best_score_, expected.best_score_, rtol=1e-9)
    assert_allclose(model.coef_, expected.coef_, rtol=1e-9)


@pytest.mark.parametrize("shape", [(30, 6), (12, 40)])
def test_integer_weights_are_repetitions_in_folds(shape):
    X, y, _ = problem(shape)
    counts = np.random.RandomState(1).randint(1, 4, shape[0])
    rows = np.repeat(np.arange(shape[0]), counts)
    groups = np.arange(shape[0]) % 3
    model = RidgeCV(ALPHAS, cv=list(GroupKFold(3).split(X, y, groups)))
    weighted = model.fit(X, y, counts)
    score, coef = weighted.best_score_, weighted.coef_
    splits = [
        (np.flatnonzero(groups[rows] != g), np.flatnonzero(groups[rows] == g))
        for g in (0, 1, 2)
    ]
    repeated = RidgeCV(ALPHAS, cv=splits).fit(X[rows], y[rows])
    assert_allclose(score, repeated.best_score_, rtol=1e-9)
    assert_allclose(coef, repeated.coef_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "cv",
    [
        3,
        KFold(4),
        LeaveOneOut(),
        ShuffleSplit(3, random_state=0),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("n_alphas", [5, 30])
@pytest.mark.parametrize("shape", SHAPES)
def test_folds_agree_with_a_grid_search(shape, n_alphas, cv):
    X, y, weights = problem(shape, 2 if n_alphas == 5 else None)
    if not SEARCH_WEIGHTS_SCORES:
        weights = None
    alphas, scoring = np.logspace(-3, 3, n_alphas), None
    if isinstance(cv, LeaveOneOut):
        # One test row has no R².
        alphas, scoring = alphas[::5], "neg_mean_squared_error"
    search = GridSearchCV(
        TheirRidge(solver="cholesky"), {"alpha": alphas}, cv=cv, scoring=scoring
    ).fit(X, y, sample_weight=weights)
    for container in CONTAINERS:
        model = RidgeCV(alphas, cv=cv, scoring=scoring).fit(container(X), y, weights)
        assert model.alpha_ == search.best_params_["alpha"]
        assert_allclose(model.best_score_, search.best_score_, rtol=1e-8)
        expected = search.best_estimator_.coef_
        assert_allclose(model.coef_, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_callable_scorer_sees_a_fitted_ridge_and_the_rows_as_given(shape):
    X, y, _ = problem(shape)
    table = pd.DataFrame(X, columns=[f"x{j}" for j in range(shape[1])])
    seen = []

    def scorer(model, X_test, y_test):
        assert isinstance(model, Ridge)
        assert isinstance(X_test, pd.DataFrame)
        fold = KFold(3)
        train, test = list(fold.split(X))[len(seen) // len(ALPHAS)]
        assert_array_equal(X_test.index, test)
        refit = Ridge(model.alpha).fit(table.iloc[train], y[train])
        assert_allclose(model.coef_, refit.coef_, rtol=1e-8, atol=1e-10)
        assert_allclose(model.intercept_, refit.intercept_, rtol=1e-8)
        seen.append(model.alpha)
        return -mean_absolute_error(y_test, model.predict(X_test))

    model = RidgeCV(ALPHAS, cv=3, scoring=scorer).fit(table, y)
    assert len(seen) == 3 * len(ALPHAS)
    named = RidgeCV(ALPHAS, cv=3, scoring="neg_mean_absolute_error").fit(table, y)
    assert model.alpha_ == named.alpha_
    assert_allclose(model.best_score_, named.best_score_)


@pytest.mark.parametrize("cv", [None, 3])
def test_a_scorer_that_takes_no_weights_draws_a_warning(cv):
    X, y, weights = problem((20, 5))
    model = RidgeCV(scoring=lambda model, X, y: -np.abs(y - model.predict(X)).mean())
    with pytest.warns(UserWarning, match="does not support sample_weight"):
        model.set_params(cv=cv).fit(X, y, weights)


def test_columns_on_very_different_scales():
    rng = np.random.RandomState(2)
    X, y = rng.standard_normal((40, 9)) * np.logspace(-6, 6, 9), rng.random(40)
    model = RidgeCV(ALPHAS, store_cv_results=True).fit(X, y)
    expected = np.empty((40, len(ALPHAS)))
    for i in range(40):
        rest = np.arange(40) != i
        for k, alpha in enumerate(ALPHAS):
            fit = Ridge(alpha).fit(X[rest], y[rest])
            expected[i, k] = (y[i] - fit.predict(X[i : i + 1])[0]) ** 2
    assert_allclose(model.cv_results_, expected, rtol=1e-7, atol=1e-12)
    folds = RidgeCV(np.logspace(-3, 3, 40), cv=4).fit(X, y)
    search = GridSearchCV(Ridge(), {"alpha": np.logspace(-3, 3, 40)}, cv=4).fit(X, y)
    assert folds.alpha_ == search.best_params_["alpha"]
    assert_allclose(folds.best_score_, search.best_score_, rtol=1e-8)


def test_means_far_from_zero():
    X, y, weights = problem((40, 6))
    near = RidgeCV(ALPHAS, store_cv_results=True).fit(X, y, weights)
    far = RidgeCV(ALPHAS, store_cv_results=True).fit(X + 2.0**20, y, weights)
    assert_allclose(far.cv_results_, near.cv_results_, rtol=1e-7)
    assert_allclose(far.coef_, near.coef_, rtol=1e-8)


@pytest.mark.parametrize("cv", [None, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_float32_is_kept(shape, cv):
    X, y, _ = problem(shape)
    single = RidgeCV(ALPHAS, cv=cv).fit(X.astype(np.float32), y.astype(np.float32))
    double = RidgeCV(ALPHAS, cv=cv).fit(X, y)
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    assert single.alpha_ == double.alpha_
    assert_allclose(single.coef_, double.coef_, rtol=1e-4, atol=1e-5)
    assert_allclose(single.best_score_, double.best_score_, rtol=1e-4)


def test_ties_go_to_the_first_alpha():
    X, y, _ = problem((20, 5))

    def constant(model, X, y):
        return 0.5

    for cv in (None, 3):
        model = RidgeCV([3.0, 1.0, 2.0], scoring=constant, cv=cv).fit(X, y)
        assert model.alpha_ == 3.0
        assert model.best_score_ == 0.5


def test_scores_that_are_not_finite_lose():
    X, y, _ = problem((20, 5))

    def undefined_for_large(model, X, y):
        return np.nan if model.alpha > 1 else model.alpha

    model = RidgeCV([10.0, 0.1, 1.0], scoring=undefined_for_large, cv=3).fit(X, y)
    assert model.alpha_ == 1.0


@config_context(enable_metadata_routing=True)
def test_metadata_is_routed_to_the_splitter_and_the_scorer():
    X, y, weights = problem((30, 6))
    groups = np.arange(30) % 5
    scorer = get_scorer("neg_mean_squared_error").set_score_request(sample_weight=True)
    model = RidgeCV(
        ALPHAS, cv=GroupKFold(5).set_split_request(groups=True), scoring=scorer
    ).fit(X, y, sample_weight=weights, groups=groups)
    splits = list(GroupKFold(5).split(X, y, groups))
    expected = RidgeCV(ALPHAS, cv=splits, scoring=scorer).fit(
        X, y, sample_weight=weights
    )
    assert model.alpha_ == expected.alpha_
    assert model.best_score_ == expected.best_score_
    total = 0.0
    for train, test in splits:
        fit = Ridge(model.alpha_).fit(X[train], y[train], weights[train])
        error = (y[test] - fit.predict(X[test])) ** 2
        total -= np.average(error, weights=weights[test]) / 5
    assert_allclose(model.best_score_, total)


def test_groups_without_routing_are_refused():
    X, y, _ = problem((30, 6))
    with pytest.raises(ValueError, match="groups"):
        RidgeCV(cv=GroupKFold(3)).fit(X, y, groups=np.arange(30) % 3)


@pytest.mark.parametrize(
    ("params", "fit_params", "error", "message"),
    [
        ({"alphas": [1.0, 0.0]}, {}, ValueError, r"alphas\[1\]"),
        ({"alphas": [1.0, -1.0], "cv": 3}, {}, ValueError, r"alphas\[1\]"),
        ({"alphas": []}, {}, ValueError, "alphas"),
        ({"alphas": [1.0, np.inf]}, {}, ValueError, r"alphas\[1\]"),
        ({"alphas": [1.0, "2"]}, {}, TypeError, r"alphas\[1\]"),
        ({"cv": 3, "store_cv_results": True}, {}, ValueError, "store_cv_results"),
        ({"cv": 3, "alpha_per_target": True}, {}, ValueError, "alpha_per_target"),
        ({"gcv_mode": "fast"}, {}, ValueError, "gcv_mode"),
        ({"scoring": "best"}, {}, ValueError, "scoring"),
        ({}, {"sample_weight": [1.0, 0.0, 0.0, 0.0]}, ValueError, "two samples"),
        ({}, {"sample_weight": [1.0, -1.0, 1.0, 1.0]}, ValueError, "sample_weight"),
    ],
)
def test_bad_input_is_named_and_leaves_the_estimator_alone(
    params, fit_params, error, message
):
    X, Y = np.eye(4)[:, :3], np.arange(8.0).reshape(4, 2)
    model = RidgeCV().fit(X[:, :2], Y)
    before = {**vars(model), **params}
    model.set_params(**params)
    with pytest.raises(error, match=message):
        model.fit(X, Y, **fit_params)
    assert vars(model) == before
