"""Measuring both libraries, and the aligned table."""

import json

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Ridge

from sklreg.compare.certificate import relative_duality_gap, relative_logistic_gap
from sklreg.compare.models import MODELS
from sklreg.compare.problem import Settings, diabetes_table, make_problem
from sklreg.compare.run import compare
from sklreg.compare.table import Column, Table
from sklreg.compare.text import format_seconds, format_speed, render

FOR_BOTH = [model for model in MODELS if "regression" in model.tasks]


@pytest.fixture(scope="module", autouse=True)
def measure_once():
    """Times need no precision here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sklreg.compare.run.MAX_REPEATS", 1)
        patch.setattr("sklreg.compare.models.N_CS", 3)
        patch.setattr("sklreg.compare.models.LOGISTIC_MAX_ITER", 200)
        yield


@pytest.fixture(scope="module")
def diabetes():
    return compare(make_problem(*diabetes_table(), Settings()))


@pytest.fixture(scope="module")
def flowers():
    from sklearn.datasets import load_iris

    data = load_iris()
    columns = [
        Column(name, values, True)
        for name, values in zip(data.feature_names, data.data.T, strict=True)
    ]
    kind = Column("kind", data.target_names[data.target].astype(object), False)
    return compare(make_problem(Table("iris", (*columns, kind)), "kind", Settings()))


def test_each_model_has_a_row_of_each_library(diabetes):
    assert [(ours.model, theirs.model) for ours, theirs in diabetes.pairs] == [
        (model.title, model.title) for model in FOR_BOTH
    ]
    assert diabetes.rows[0].library == "baseline"


def test_the_libraries_agree(diabetes):
    for ours, theirs in diabetes.pairs:
        assert ours.alphas == pytest.approx(theirs.alphas)
        assert ours.coef_difference_relative < 1e-3
        assert ours.test_score == pytest.approx(theirs.test_score, abs=1e-4)
        # The tolerance is relative to twice the null loss.
        assert ours.duality_gap <= 2e-6
        assert ours.speed == pytest.approx(theirs.seconds / ours.seconds)
        assert ours.warnings == []


def test_both_libraries_get_the_same_arguments():
    problem = make_problem(*diabetes_table(), Settings(tol=1e-5, n_jobs=2))
    for model in FOR_BOTH:
        grid = model.grid(problem.X_train, problem.y_train)
        ours, theirs = (
            model.make(library, problem.settings, problem.folds, grid)
            for library in ("sklreg", "scikit-learn")
        )
        assert type(ours).__module__.startswith("sklreg.")
        assert type(theirs).__module__.startswith("sklearn.")
        given = model.parameters(problem.settings, problem.folds, grid)
        for name, value in given.items():
            assert getattr(ours, name) is value is getattr(theirs, name)
        if "tol" in given:
            assert (ours.tol, ours.n_jobs) == (1e-5, 2)


def test_a_new_entry_is_a_new_row(diabetes):
    found = compare(diabetes.problem, models=[MODELS[2]])
    assert [row.library for row in found.rows] == ["baseline", "sklreg", "scikit-learn"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_gap_bounds_the_distance_to_the_optimum(seed, l1_ratio):
    rng = np.random.RandomState(seed)
    X, n = rng.randn(40, 8) + 3.0, 40
    y = X[:, 0] - X[:, 1] + rng.randn(n) + 5.0
    alpha = 0.2
    l1, l2 = n * alpha * l1_ratio, n * alpha * (1.0 - l1_ratio)
    if l1_ratio:
        best = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-14, max_iter=100_000)
    else:
        best = Ridge(alpha=l2)
    w_best = best.fit(X, y).coef_

    def objective(w):
        residual = y - X @ w
        residual = residual - residual.mean()
        penalty = l1 * np.abs(w).sum() + l2 / 2 * (w @ w)
        return (residual @ residual) / 2 + penalty

    assert relative_duality_gap(X, y, w_best, l1, l2) < 1e-10
    null = objective(np.zeros(8))
    for w in (np.zeros(8), w_best + 0.1 * rng.randn(8), 0.5 * w_best):
        distance = (objective(w) - objective(w_best)) / null
        assert relative_duality_gap(X, y, w, l1, l2) >= distance - 1e-12
        assert relative_duality_gap(X, y, w, l1, l2) > 1e-4


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_logistic_gap_bounds_the_distance_to_the_optimum(n_classes, l1_ratio):
    from sklreg.linear_model import LogisticRegression

    rng = np.random.RandomState(0)
    X = rng.randn(60, 5) + 1.0
    y = np.argmax(
        X @ rng.randn(5, n_classes) + rng.gumbel(size=(60, n_classes)), axis=1
    )

    def gap(model):
        return relative_logistic_gap(X, y, model.coef_, model.intercept_, 0.5, l1_ratio)

    best = LogisticRegression(C=0.5, l1_ratio=l1_ratio, tol=1e-7).fit(X, y)
    assert gap(best) < 1e-9
    shares = np.bincount(y) / len(y)
    null = -len(y) * np.sum(shares * np.log(shares))
    with pytest.warns(match="Duality gap"):
        rough = LogisticRegression(C=0.5, l1_ratio=l1_ratio, max_iter=1).fit(X, y)
    assert gap(rough) == pytest.approx(rough.dual_gap_ / null, rel=0.5)
    assert gap(rough) > 1e-6


def test_gap_agrees_with_dual_gap_of_the_estimators(diabetes):
    from sklreg.linear_model import Lasso

    problem = diabetes.problem
    X, y = problem.X_train, problem.y_train
    fitted = Lasso(alpha=0.01, tol=0.05).fit(X, y)
    null = 0.5 * np.mean((y - y.mean()) ** 2)
    gap = relative_duality_gap(X, y, fitted.coef_, len(y) * 0.01, 0.0)
    assert gap == pytest.approx(fitted.dual_gap_ / null, rel=1e-6, abs=1e-12)


def test_classes_are_scored_as_classes(flowers):
    assert flowers.problem.classes == ("setosa", "versicolor", "virginica")
    largest, least_squares, *_ = flowers.rows
    assert largest.test_score == pytest.approx(1 / 3, abs=0.02)
    assert least_squares.n_coefficients == 12
    for ours, theirs in flowers.pairs:
        assert len(ours.alphas) == (1 if ours.entry.probabilities else 3)
        assert ours.test_score == theirs.test_score > 0.7
        assert (ours.test_log_loss is not None) == ours.entry.probabilities
        assert 0.85 < ours.test_auc <= 1.0


def test_dict_is_json(flowers):
    measured = json.loads(json.dumps(flowers.as_dict(), allow_nan=False))
    assert measured["task"] == "classification" and measured["score"] == "accuracy"
    assert len({frozenset(row) for row in measured["rows"]}) == 1
    assert measured["rows"][0]["alphas"] is None
    assert measured["data"]["n_rows"] == 150


@pytest.mark.parametrize("which", ["diabetes", "flowers"])
def test_table_is_aligned_and_narrow(which, request):
    lines = render(request.getfixturevalue(which)).splitlines()
    assert max(map(len, lines)) <= (100 if which == "diabetes" else 104)
    (ruler,) = [k for k, line in enumerate(lines) if line.startswith("---")]
    edges = [k for k, mark in enumerate(lines[ruler] + " ") if mark == " "]
    gaps = [k for k in edges if k + 1 in edges]
    for line in [*lines[ruler - 2 : ruler], *lines[ruler + 1 :]]:
        if line.startswith(("seconds", "alpha   ")):
            break
        # Between two columns there is nothing but blanks on any line.
        assert all(line[k : k + 2].strip() == "" for k in gaps)
        assert not line or len(line) == len(lines[ruler]) or line.endswith(" R2")
    assert lines[ruler - 1].split()[:3] == ["model", "library", "alpha"]
    n_models = len(FOR_BOTH if which == "diabetes" else MODELS)
    assert sum("built-in " in line for line in lines[ruler:]) == n_models


def test_warnings_are_marked_and_told(diabetes):
    text = render(diabetes)
    assert "*" not in text
    row = diabetes.rows[-1]
    row.warnings = ["ConvergenceWarning: stopped early"]
    try:
        text = render(diabetes)
    finally:
        row.warnings = []
    assert "ridge, built-in: ConvergenceWarning: stopped early" in text
    assert sum("*" in line for line in text.splitlines()) == 2


def test_numbers_have_sensible_digits():
    given = [0.00123, 0.05, 0.25, 2.5, 12.34, 345.6]
    shown = ["0.0012", "0.0500", "0.250", "2.500", "12.3", "345.6"]
    assert [format_seconds(value) for value in given] == shown
    given = [0.012, 0.5, 0.999, 1.0, 9.9, 12.4, 340.2]
    assert [format_speed(value) for value in given] == [
        "0.012",
        "0.50",
        "1.0",
        "1.0",
        "9.9",
        "12",
        "340",
    ]
