"""Single fits on large tall data by a Gram matrix in float32, certified by X."""

import numpy as np
import pytest

from sklreg.solvers import coordinate_descent, single_sweeps
from sklreg.solvers.active_set import ActiveSet
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.working_set import WorkingSet

N_SAMPLES, N_FEATURES = 600, 270


@pytest.fixture(autouse=True)
def every_size_is_large(monkeypatch):
    monkeypatch.setattr(coordinate_descent, "_LARGE", 0)
    # Sweeps in float32 would come first.
    monkeypatch.setattr(single_sweeps, "_MEDIUM", np.inf)


def data(change=None):
    rng = np.random.default_rng(5)
    X = np.asfortranarray(rng.standard_normal((N_SAMPLES, N_FEATURES)))
    y = X[:, :40] @ rng.standard_normal(40) + rng.standard_normal(N_SAMPLES)
    if change is not None:
        change(X, rng)
    return X, y


def duplicated(X, rng):
    X[:, 100:130] = X[:, :30]


def nearly_duplicated(X, rng):
    X[:, 100:130] = X[:, :30] + 1e-5 * rng.standard_normal((N_SAMPLES, 30))


def far_apart(X, rng):
    X *= np.geomspace(1e-9, 1e9, N_FEATURES)


def beyond_float32(X, rng):
    X[:, :60] *= 1e25


def solved(X, y, divisor, tol, l2=0.0):
    design = make_design(X)
    problem = LeastSquaresProblem(design, design.targets(y)[0])
    level = problem.alpha_max() / divisor
    return problem, problem.solve(level, l2, tol=tol), level


def gap(X, y, w, level):
    """The relative duality gap of the lasso, from X alone."""
    X, y = X - X.mean(axis=0), y - y.mean()
    residual = y - X @ w
    slopes = np.abs(X.T @ residual).max() / len(y)
    scale = min(1.0, level / slopes)
    primal = residual @ residual / 2 + len(y) * level * np.abs(w).sum()
    dual = scale * residual @ y - scale**2 * residual @ residual / 2
    return (primal - dual) / (y @ y)


@pytest.mark.parametrize("divisor", [3, 30, 1000])
@pytest.mark.parametrize(
    "change", [None, duplicated, nearly_duplicated, far_apart, beyond_float32]
)
def test_reaches_the_tolerance_whatever_the_columns(change, divisor):
    X, y = data(change)
    _, solution, level = solved(X, y, divisor, 1e-7)
    assert gap(X, y, solution.w, level) <= 1.1e-7


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_agrees_with_the_solution_in_float64(l2):
    X, y = data()
    _, rough, _ = solved(X, y, 30, 1e-6, l2)
    _, exact, _ = solved(X, y, 30, 1e-10, l2)
    np.testing.assert_allclose(rough.w, exact.w, atol=1e-5)
    np.testing.assert_array_equal(rough.w != 0.0, exact.w != 0.0)


def test_leaves_no_float32_behind():
    X, y = data()
    problem, _, level = solved(X, y, 30, 1e-4)
    columns = problem.working.columns
    A = (X - X.mean(axis=0))[:, columns] / np.sqrt(N_SAMPLES)
    size = len(columns)
    gram = problem.working.gram[:size, :size]
    np.testing.assert_allclose(gram, A.T @ A, rtol=0, atol=1e-13)
    solution = problem.solve(level / 2, 0.0, tol=1e-12)
    assert solution.gap <= problem.goal(1e-12)


def test_is_made_in_float32_only_where_the_tolerance_allows_it(monkeypatch):
    X, y = data()
    made = []
    problem, _, _ = solved(X, y, 30, 1e-4)
    kind = type(problem.working)
    original = kind._single_panel

    def counted(working):
        made.append(len(working))
        return original(working)

    monkeypatch.setattr(kind, "_single_panel", counted)
    solved(X, y, 30, 1e-9)
    assert not made
    solved(X, y, 30, 1e-6)
    assert made


@pytest.mark.parametrize(
    ("change", "stays"), [(None, True), (nearly_duplicated, False)]
)
def test_moves_on_dependent_columns_are_made_again_in_float64(change, stays):
    X, y = data(change)
    design = make_design(X)
    q = design.correlate(design.weigh(design.targets(y)[0]))
    working = WorkingSet(design)
    working.rough = True
    working.add(np.arange(N_FEATURES))
    w, gradient = np.zeros(N_FEATURES), q.copy()
    l1 = np.full(N_FEATURES, np.abs(q).max() / 1000)
    moved = ActiveSet(working).move_surely(w, gradient, l1, np.zeros_like(l1), False)
    assert moved[0]
    assert working.rough is stays
    if not stays:
        residual = design.correlate(
            design.weigh(design.targets(y)[0]) - design.apply(w)
        )
        np.testing.assert_allclose(gradient, residual, atol=1e-9)
