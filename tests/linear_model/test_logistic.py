"""Logistic regression beside scikit-learn's, its options, and what it refuses."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.datasets import load_iris, make_classification
from sklearn.exceptions import ConvergenceWarning

from sklreg.linear_model import LogisticRegression, logistic_path
from tests.linear_model._logistic_data import (
    log_loss_sum,
    make_problem,
    objective,
    penalty,
)

TIGHT = {"tol": 1e-7, "max_iter": 1000}
every_number_of_classes = pytest.mark.parametrize("n_classes", [2, 3])
every_ratio = pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])


def reference(X, y, C, l1_ratio, weight, fit_intercept):
    """Scikit-learn's best solver for a penalty at its tightest tolerance."""
    solver = "newton-cholesky" if l1_ratio == 0 else "saga"
    names = {0.0: "l2", 1.0: "l1"}
    model = theirs.LogisticRegression(
        C=C,
        l1_ratio=l1_ratio,
        penalty=names.get(l1_ratio, "elasticnet"),
        solver=solver,
        tol=1e-13,
        max_iter=30_000,
        fit_intercept=fit_intercept,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y, sample_weight=weight)


# -- beside scikit-learn -------------------------------------------------------------


@every_number_of_classes
@every_ratio
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_optimum_is_scikit_learns(n_classes, l1_ratio, fit_intercept, weighted):
    X, y = make_problem(n_classes)
    weight = np.arange(len(y)) % 3 + 0.5 if weighted else None
    expected = reference(X, y, 0.3, l1_ratio, weight, fit_intercept)
    best = objective(expected, X, y, 0.3, l1_ratio, weight)
    model = LogisticRegression(
        C=0.3, l1_ratio=l1_ratio, fit_intercept=fit_intercept, **TIGHT
    )
    for container in (np.asfortranarray, sparse.csc_array):
        fitted = model.fit(container(X), y, sample_weight=weight)
        assert_allclose(objective(fitted, X, y, 0.3, l1_ratio, weight), best, rtol=1e-8)
        assert_allclose(fitted.coef_, expected.coef_, atol=1e-5)
        assert_allclose(
            fitted.decision_function(X) - expected.decision_function(X),
            np.zeros((len(y), n_classes) if n_classes > 2 else len(y))
            + np.mean(fitted.intercept_ - expected.intercept_) * (n_classes > 2),
            atol=1e-4,
        )
        assert 0 <= fitted.dual_gap_ <= 1e-12 * len(y)


@every_number_of_classes
@pytest.mark.parametrize("solver", ["liblinear", "saga", "newton-cg"])
def test_solver_changes_nothing(n_classes, solver):
    X, y = make_problem(n_classes)
    for l1_ratio in (0.0, 0.5, 1.0):
        model = LogisticRegression(l1_ratio=l1_ratio)
        expected = model.fit(X, y).coef_
        assert_array_equal(model.set_params(solver=solver).fit(X, y).coef_, expected)


@every_number_of_classes
def test_predictions_are_scikit_learns(n_classes):
    X, y = make_problem(n_classes)
    labels = np.array(["no", "perhaps", "yes"])[y]
    ours = LogisticRegression(**TIGHT).fit(X, labels)
    other = reference(X, labels, 1.0, 0.0, None, True)
    assert_array_equal(ours.predict(X), other.predict(X))
    for method in ("decision_function", "predict_proba", "predict_log_proba"):
        got, expected = getattr(ours, method)(X), getattr(other, method)(X)
        assert_allclose(got, expected, atol=1e-6)
    assert ours.score(X, labels) == other.score(X, labels)
    assert sparse.issparse(ours.sparsify().coef_)
    assert_allclose(ours.decision_function(X), other.decision_function(X), atol=1e-6)


def test_log_probabilities_are_finite_far_away():
    X, y = make_problem()
    model = LogisticRegression().fit(X, y)
    far = 1e5 * X
    assert np.isfinite(model.predict_log_proba(far)).all()
    assert model.predict_proba(far).max() == 1.0


@pytest.mark.parametrize("class_weight", ["balanced", {0: 0.5, 1: 3.0, 2: 1.0}])
def test_class_weights_are_row_weights(class_weight):
    X, y = make_problem(3)
    weight = np.arange(len(y)) % 2 + 1.0
    if class_weight == "balanced":
        totals = np.bincount(y, weight)
        of_class = weight.sum() / (3 * totals)
    else:
        of_class = np.array([class_weight[k] for k in range(3)])
    model = LogisticRegression(class_weight=class_weight, **TIGHT)
    expected = LogisticRegression(**TIGHT).fit(X, y, weight * of_class[y])
    assert_allclose(model.fit(X, y, weight).coef_, expected.coef_, rtol=1e-8)


def test_a_number_as_weight_counts_against_the_penalty():
    X, y = make_problem()
    doubled = LogisticRegression(C=0.1, **TIGHT).fit(X, y, sample_weight=2.0)
    assert_allclose(doubled.coef_, LogisticRegression(C=0.2, **TIGHT).fit(X, y).coef_)


@every_number_of_classes
def test_float32_is_kept_and_close_to_float64(n_classes):
    X, y = make_problem(n_classes)
    X = X.astype(np.float32)
    for container in (np.asfortranarray, np.ascontiguousarray, sparse.csr_array):
        single = LogisticRegression(l1_ratio=0.5).fit(container(X), y)
        assert single.coef_.dtype == single.intercept_.dtype == np.float32
        assert single.predict_proba(X).dtype == np.float32
        double = LogisticRegression(l1_ratio=0.5).fit(X.astype(np.float64), y)
        assert_allclose(single.coef_, double.coef_, atol=1e-5)


# -- the certificate -----------------------------------------------------------------


def feasible_gap(model, X, y, C, l1_ratio):
    """Gap of a binary fit without intercept, from the definition of the dual."""
    z = np.where(y == 1, 1.0, -1.0)
    a = 1.0 / (1.0 + np.exp(z * (X @ model.coef_[0])))
    slope = np.abs(X.T @ (z * a))
    l1, l2 = l1_ratio / C, (1.0 - l1_ratio) / C
    best = -np.inf
    for scale in (1.0, min(1.0, l1 / slope.max()) if l1 else 1.0):
        b = scale * a
        entropy = -np.sum(b * np.log(b) + (1 - b) * np.log1p(-b))
        excess = np.maximum(scale * slope - l1, 0.0)
        if l2 > 0 or excess.max() <= 1e-12 * l1:
            best = max(best, entropy - (excess @ excess / (2 * l2) if l2 else 0.0))
    return objective(model, X, y, C, l1_ratio) - best


@every_ratio
def test_the_gap_is_a_gap(l1_ratio):
    X, y = make_problem()
    rough = LogisticRegression(
        C=0.5, l1_ratio=l1_ratio, fit_intercept=False, max_iter=1
    )
    with pytest.warns(ConvergenceWarning, match="Duality gap: "):
        rough.fit(X, y)
    tight = LogisticRegression(C=0.5, l1_ratio=l1_ratio, fit_intercept=False, **TIGHT)
    best = objective(tight.fit(X, y), X, y, 0.5, l1_ratio)
    above = objective(rough, X, y, 0.5, l1_ratio) - best
    assert above <= rough.dual_gap_
    assert_allclose(
        rough.dual_gap_, feasible_gap(rough, X, y, 0.5, l1_ratio), rtol=1e-6
    )
    assert abs(feasible_gap(tight, X, y, 0.5, l1_ratio)) <= 1e-9


@every_number_of_classes
def test_no_step_leaves_the_start_with_its_gap(n_classes):
    X, y = make_problem(n_classes)
    with pytest.warns(ConvergenceWarning):
        model = LogisticRegression(max_iter=0).fit(X, y)
    assert not model.coef_.any() and not model.intercept_.any()
    best = LogisticRegression(**TIGHT).fit(X, y)
    above = objective(model, X, y, 1.0, 0.0) - objective(best, X, y, 1.0, 0.0)
    assert model.n_iter_ == [0] and model.dual_gap_ >= above > 0


@every_number_of_classes
def test_a_warm_start_is_taken(n_classes):
    X, y = make_problem(n_classes)
    model = LogisticRegression(C=0.2, l1_ratio=0.5, warm_start=True, **TIGHT).fit(X, y)
    again = model.fit(X, y)
    assert again.n_iter_[0] <= 1
    with pytest.raises(ValueError, match="coef_ of the previous fit has shape"):
        model.fit(X[:, :3], y)


# -- options of single features ------------------------------------------------------


@every_number_of_classes
def test_factors_exclusion_and_bounds(n_classes):
    X, y = make_problem(n_classes)
    factor = np.array([1.0, 0.0, 2.0, 1.0, 0.5, 1.0])
    options = {"penalty_factor": factor, "exclude": [3], "coef_bounds": (-0.2, 0.4)}
    model = LogisticRegression(C=0.2, l1_ratio=0.5, **options, **TIGHT).fit(X, y)
    assert not model.coef_[:, 3].any()
    assert model.coef_.min() >= -0.2 and model.coef_.max() <= 0.4
    assert np.any(model.coef_ == 0.4) or np.any(model.coef_ == -0.2)

    def value(coef, intercept):
        loss = log_loss_sum(X, y, coef, intercept)
        return loss + penalty(coef, 0.2, 0.5, factor, factor)

    best = value(model.coef_, model.intercept_)
    rng = np.random.default_rng(1)
    for _ in range(50):
        near = model.coef_ + 0.01 * rng.standard_normal(model.coef_.shape)
        near = np.clip(near, -0.2, 0.4)
        near[:, 3] = 0.0
        shift = 0.01 * rng.standard_normal(model.intercept_.shape)
        assert value(near, model.intercept_ + shift) >= best


@every_number_of_classes
def test_standardize_is_scaling_the_columns(n_classes):
    X, y = make_problem(n_classes)
    X = X * [1.0, 10.0, 0.1, 5.0, 1.0, 2.0]
    weight = np.arange(len(y)) % 3 + 0.0
    mean = np.average(X, axis=0, weights=weight)
    scale = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=weight))
    model = LogisticRegression(C=0.2, l1_ratio=0.5, **TIGHT)
    expected = model.fit(X / scale, y, weight).coef_ / scale
    got = model.set_params(standardize=True).fit(X, y, weight).coef_
    assert_allclose(got, expected, rtol=1e-4, atol=1e-7)


def test_positive_coefficients():
    X, y = make_problem()
    model = LogisticRegression(positive=True, **TIGHT).fit(X, y)
    free = LogisticRegression(**TIGHT).fit(X, y)
    assert free.coef_.min() < 0 <= model.coef_.min()
    same = LogisticRegression(coef_bounds=(0, None), **TIGHT).fit(X, y)
    assert_array_equal(same.coef_, model.coef_)


@every_number_of_classes
def test_an_offset_is_a_feature_with_coefficient_one(n_classes):
    X, y = make_problem(n_classes)
    rng = np.random.default_rng(2)
    shape = (len(y),) if n_classes == 2 else (len(y), n_classes)
    offset = rng.standard_normal(shape)
    model = LogisticRegression(C=0.2, **TIGHT).fit(X, y, offset=offset)

    def value(coef, intercept):
        loss = log_loss_sum(X, y, coef, intercept, offset=offset)
        return loss + penalty(coef, 0.2, 0.0)

    best = value(model.coef_, model.intercept_)
    for _ in range(30):
        shift = 0.01 * rng.standard_normal(model.coef_.shape)
        move = 0.01 * rng.standard_normal(model.intercept_.shape)
        assert value(model.coef_ + shift, model.intercept_ + move) >= best
    plain = model.decision_function(X, offset=np.zeros(shape))
    assert_allclose(model.decision_function(X, offset=offset), plain + offset)
    assert model.predict_proba(X, offset=offset).shape == (len(y), n_classes)
    with pytest.raises(ValueError, match="fitted with an offset"):
        model.predict(X)
    with pytest.raises(ValueError, match="offset has shape"):
        model.predict(X, offset=np.zeros(3))


# -- paths ---------------------------------------------------------------------------


@every_number_of_classes
def test_the_path_is_made_of_single_fits(n_classes):
    X, y = make_problem(n_classes)
    Cs, coefs, intercepts, gaps = logistic_path(X, y, l1_ratio=0.7, Cs=6, tol=1e-6)
    assert np.all(np.diff(Cs) > 0) and gaps.max() <= 1e-11 * len(y)
    assert not coefs[..., 0].any() and coefs[..., 1].any()
    model = LogisticRegression(C=Cs[3], l1_ratio=0.7, tol=1e-6).fit(X, y)
    assert_allclose(np.atleast_2d(coefs[..., 3]), model.coef_, atol=1e-5)
    assert_allclose(np.atleast_1d(intercepts[..., 3]), model.intercept_, atol=1e-5)
    with pytest.raises(ValueError, match="not supported for l1_ratio=0"):
        logistic_path(X, y, l1_ratio=0.0)
    *_, n_iter = logistic_path(
        X, y, Cs=[0.1, 0.2], coef_init=coefs[..., 2], return_n_iter=True
    )
    assert len(n_iter) == 2
    with pytest.raises(ValueError, match="coef_init has shape"):
        logistic_path(X, y, Cs=[0.1], coef_init=np.zeros(3))


@every_number_of_classes
def test_predictions_anywhere_on_the_path(n_classes):
    X, y = make_problem(n_classes)
    y = np.array(["a", "b", "c"])[y]
    model = LogisticRegression(C=0.3, l1_ratio=1, store_path=True).fit(X, y)
    C = float(np.sqrt(model.path_Cs_[40] * model.path_Cs_[41]))
    other = LogisticRegression(C=0.3, l1_ratio=1).fit(X, y)
    other.coef_, other.intercept_ = model.coef_at(C)
    for method in ("decision_function", "predict", "predict_proba"):
        assert_array_equal(getattr(model, method)(X, C=C), getattr(other, method)(X))
    found = model.predict_log_proba(
        X, C=C, offset=np.zeros_like(other.decision_function(X))
    )
    assert_array_equal(found, other.predict_log_proba(X))
    with pytest.raises(ValueError, match="is not on the fitted path"):
        model.predict(X, C=1e9)
    with pytest.raises(AttributeError, match="store_path=True"):
        LogisticRegression().fit(X, y).predict_proba(X, C=1.0)


@every_number_of_classes
def test_a_stored_path_is_looked_up_by_C(n_classes):
    pytest.importorskip("pandas")
    X, y = make_problem(n_classes)
    model = LogisticRegression(C=0.3, l1_ratio=1, store_path=True).fit(X, y)
    coef, intercept = model.coef_at(0.3)
    assert_allclose(coef, model.coef_, atol=1e-5)
    assert_allclose(intercept, model.intercept_, atol=1e-5)
    low, high = model.path_Cs_[40:42]
    middle = 2.0 / (1.0 / low + 1.0 / high)
    expected = (model.coef_at(low)[0] + model.coef_at(high)[0]) / 2
    assert_allclose(model.coef_at(middle)[0], expected)
    assert not model.coef_at(model.path_Cs_[0] / 10)[0].any()
    with pytest.raises(ValueError, match="C=1e\\+09 is not on the fitted path"):
        model.coef_at(1e9)
    table = model.path_table_
    assert_array_equal(table["C"], model.path_Cs_)
    assert table["deviance_explained"].is_monotonic_increasing
    assert 0.0 <= table["deviance_explained"].iloc[-1] < 1.0
    assert model.coef_table_.shape[0] == X.shape[1] + 1
    with pytest.raises(AttributeError, match="store_path=True"):
        LogisticRegression().fit(X, y).coef_at(1.0)


# -- deprecations --------------------------------------------------------------------


@pytest.mark.parametrize(
    "given, meant",
    [
        ({"penalty": "l2"}, {}),
        ({"penalty": "l1", "l1_ratio": 1}, {"l1_ratio": 1}),
        ({"penalty": "elasticnet", "l1_ratio": 0.3}, {"l1_ratio": 0.3}),
        ({"penalty": None}, {"C": np.inf}),
    ],
)
def test_penalty_is_deprecated_and_mapped(given, meant):
    X, y = make_problem()
    with pytest.warns(FutureWarning, match="'penalty' was deprecated"):
        got = LogisticRegression(**given).fit(X, y)
    assert_array_equal(got.coef_, LogisticRegression(**meant).fit(X, y).coef_)


def test_warnings_point_at_the_caller():
    X, y = make_problem()
    with pytest.warns(FutureWarning) as caught:
        LogisticRegression(penalty="l2", n_jobs=2).fit(X, y)
    assert {warning.filename for warning in caught} == {__file__}
    with pytest.raises(ValueError, match="supports only dual=False"):
        LogisticRegression(dual=True).fit(X, y)


# -- what is refused, and what is warned of ------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
def test_separated_classes_without_penalty_have_no_optimum(n_classes):
    X = np.arange(30.0)[:, None]
    y = np.repeat(np.arange(n_classes), 30 // n_classes)
    with pytest.warns(ConvergenceWarning, match="perfectly separated"):
        model = LogisticRegression(C=np.inf).fit(X, y)
    assert np.isfinite(model.coef_).all() and model.score(X, y) == 1.0


def test_bounds_hold_separated_classes_without_penalty_in_few_steps():
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(C=np.inf, coef_bounds=(-5, 5), tol=1e-5).fit(X, y)
    assert model.n_iter_[0] <= 30
    # Slopes vanish inside the bounds, and pull outwards at them.
    slopes = (np.eye(3)[y] - model.predict_proba(X)).T @ X
    at = np.abs(model.coef_) == 5
    np.testing.assert_allclose(slopes[~at], 0, atol=1e-3)
    assert np.all((slopes * model.coef_)[at] > -1e-3)


def test_bounds_hold_separated_classes_without_penalty():
    X = np.arange(30.0)[:, None]
    model = LogisticRegression(C=np.inf, coef_bounds=(-2, 2)).fit(X, X[:, 0] > 14)
    assert_allclose(model.coef_, [[2.0]])
    assert_allclose(model.intercept_, [-29.0], rtol=1e-6)


def test_soft_labels_are_refused_by_name():
    X, y = make_problem()
    soft = 0.9 * y + 0.05
    for labels in (soft, np.column_stack([1 - soft, soft])):
        with pytest.raises(ValueError, match=r"soft labels.*sample_weight"):
            LogisticRegression().fit(X, labels)
        with pytest.raises(ValueError, match="soft labels"):
            logistic_path(X, labels)


def test_one_class_is_refused():
    X, y = make_problem()
    with pytest.raises(ValueError, match="only one class: 1"):
        LogisticRegression().fit(X, np.ones(len(y), dtype=int))
    with pytest.raises(ValueError, match="leave weight to only one class, 1"):
        LogisticRegression().fit(X, y, sample_weight=y.astype(float))
    with pytest.raises(ValueError, match="class_weight of class 0 is -1"):
        LogisticRegression(class_weight={0: -1, 1: 1}).fit(X, y)


def test_a_class_without_weight_is_never_predicted():
    X, y = make_problem(3)
    labels = np.array(["a", "b", "c"])[y]
    with pytest.warns(UserWarning, match="class 'b' has any weight"):
        model = LogisticRegression(class_weight={"a": 1, "b": 0, "c": 1}, **TIGHT).fit(
            X, labels
        )
    assert not model.coef_[1].any()
    assert model.predict_proba(X)[:, 1].max() < 1e-12
    two = y != 1
    alone = LogisticRegression(C=2.0, **TIGHT).fit(X[two], labels[two])
    assert_allclose(model.coef_[2] - model.coef_[0], alone.coef_[0], atol=1e-5)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"store_path": [0.1, -1.0]}, "store_path, given as a grid"),
        ({"store_path": True}, "l1_ratio=0"),
        ({"exclude": [17]}, "exclude holds the index 17"),
        ({"penalty_factor": [1.0, 2.0]}, "penalty_factor has shape"),
    ],
)
def test_bad_options_are_named(arguments, message):
    X, y = make_problem()
    with pytest.raises(ValueError, match=message):
        LogisticRegression(**arguments).fit(X, y)


@pytest.mark.parametrize("C", [1.0, 1e3, 1e5])
def test_dependent_columns_under_a_weak_l1_penalty(C):
    # the loss is flat where columns depend on each other, the penalty is not
    X, y = make_classification(
        400, 30, n_informative=10, n_redundant=8, random_state=0, flip_y=0.3
    )
    model = LogisticRegression(l1_ratio=1, C=C, tol=1e-6).fit(X, y)
    assert model.n_iter_[0] < 30
    assert model.dual_gap_ <= 1e-8 * len(y)
    assert np.linalg.matrix_rank(X) < X.shape[1]
