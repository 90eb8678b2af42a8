"""The least-squares problem under penalties of its own for every coefficient."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklreg.solvers import _coordinate_descent_kernels as kernels
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.sparse_panel import SparsePanel

LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csc": sparse.csc_array,
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_size = pytest.mark.parametrize("p", [10, 300])
TIGHT = {"tol": 1e-12, "max_iter": 100_000}


def make_problem(p, layout="C", positive=False):
    rng = np.random.RandomState(0)
    X = rng.randn(40, p) * (rng.rand(40, p) < 0.7)
    y = X[:, 0] - X[:, 1] + 0.5 * rng.randn(40)
    design = make_design(LAYOUTS[layout](X))
    target, _ = design.targets(y)
    X = (X - X.mean(axis=0)) / np.sqrt(40)
    return LeastSquaresProblem(design, target, positive=positive), X, target / 40**0.5


def assert_optimal(w, A, b, l1, l2, positive=False):
    """Check the optimality conditions of every coefficient."""
    slope = A.T @ (b - A @ w) - l2 * w
    zero = w == 0
    assert 0 < np.count_nonzero(w)
    assert_allclose(slope[~zero], (l1 * np.sign(w))[~zero], atol=1e-7)
    size = slope if positive else np.abs(slope)
    assert np.all(size[zero] <= l1[zero] + 1e-7)
    assert not positive or w.min() >= 0


@every_layout
@every_size
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("with_l2", [False, True])
def test_penalties_of_their_own(layout, p, positive, with_l2):
    problem, A, b = make_problem(p, layout, positive)
    rng = np.random.RandomState(1)
    l1 = 0.05 + 0.1 * rng.rand(p)
    l2 = 0.5 * rng.rand(p) if with_l2 else np.zeros(p)
    solution = problem.solve(l1, l2, **TIGHT)
    assert_optimal(solution.w, A, b, l1, l2, positive)
    assert solution.gap <= 1e-12 * (b @ b)
    assert_allclose(solution.correlation, A.T @ (b - A @ solution.w), atol=1e-12)


@every_layout
@every_size
def test_one_problem_solved_for_one_penalty_after_another(layout, p):
    problem, A, b = make_problem(p, layout)
    ones = np.ones(p)
    w = None
    for alpha in (0.5, 0.05, 0.2, 0.1):  # up and down
        solution = problem.solve(alpha * ones, 0.0 * ones, w, **TIGHT)
        if alpha < np.abs(A.T @ b).max():
            assert_optimal(solution.w, A, b, alpha * ones, 0.0 * ones)
        w = solution.w


@every_layout
@every_size
def test_start_at_the_solution_is_seen(layout, p):
    problem, _, _ = make_problem(p, layout)
    l1, l2 = np.full(p, 0.1), np.zeros(p)
    first = problem.solve(l1, l2, tol=1e-8)
    kept = first.w.copy()
    again = problem.solve(l1, l2, first.w, tol=1e-8)
    assert again.n_iter == 0
    assert_array_equal(again.w, kept)
    assert_array_equal(first.w, kept)  # the start is not written to


@every_size
def test_alpha_max(p):
    problem, A, b = make_problem(p)
    assert_allclose(problem.alpha_max(), np.abs(A.T @ b).max())
    assert_allclose(problem.alpha_max(0.5), 2 * np.abs(A.T @ b).max())
    positive, _, _ = make_problem(p, positive=True)
    assert_allclose(positive.alpha_max(), (A.T @ b).max())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("center", [False, True])
def test_a_panel_of_sparse_columns_is_the_design(weighted, center):
    rng = np.random.default_rng(3)
    X = sparse.random(40, 12, density=0.3, format="csc", random_state=3).tolil()
    X[:, 4] = rng.standard_normal(40)[:, None] + 1e6  # no zeros, far from zero
    X[:, 7] = 0.0
    weight = rng.integers(0, 3, 40).astype(float) if weighted else None
    design = make_design(X.tocsc(), weight, center)
    panel = SparsePanel(design)
    columns = np.array([4, 9, 7, 0])
    panel.extend(columns[:1])
    panel.extend(columns[1:])
    b = design.weigh(design.targets(rng.standard_normal(40))[0])
    w, local = np.zeros(12), np.array([1e-6, -2.0, 1.0, 0.5])
    w[columns] = local
    assert_allclose(panel.residual(b, local), b - design.apply(w), atol=1e-9)


@pytest.mark.parametrize("l2", [0.0, 0.02])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_sweeps_over_sparse_columns_end_at_the_optimum(l2, positive, weighted):
    rng = np.random.default_rng(4)
    X = sparse.random(60, 40, density=0.2, format="csc", random_state=4)
    y = X @ rng.standard_normal(40) + 5.0
    weight = rng.integers(0, 3, 60).astype(float) if weighted else None
    design = make_design(X, weight)
    target, _ = design.targets(y)
    problem = LeastSquaresProblem(design, target, positive=positive)
    problem.working.add(np.arange(40))
    l1 = np.full(40, 0.05 * problem.alpha_max())
    w = np.zeros(40)
    goal = 1e-12 * problem.null_square
    sweeps, gap = problem.descend_residual(
        w, problem.b, (l1, np.full(40, l2)), goal, 5000
    )
    assert gap <= goal and 5 <= sweeps < 5000
    dense = LeastSquaresProblem(
        make_design(X.toarray(), weight), target, positive=positive
    )
    assert_allclose(w, dense.solve(l1, l2, tol=1e-12).w, atol=1e-5)
    slope = problem.design.correlate(problem.b - problem.design.apply(w)) - l2 * w
    assert np.all((slope if positive else np.abs(slope)) <= l1 + 1e-6)


def test_a_gram_matrix_that_is_there_is_used_however_large(monkeypatch):
    problem, A, b = make_problem(300)
    level = problem.alpha_max() / 10.0
    start = problem.solve(level, 0.0, tol=1e-8)
    assert len(problem.working) > 10
    monkeypatch.setattr(type(problem.working), "prefers_gram", lambda self: False)
    monkeypatch.setattr(problem, "descend_residual", None)  # no sweeps are needed
    solution = problem.solve(0.97 * level, 0.0, start.w, tol=1e-8)
    assert_optimal(solution.w, A, b, np.full(300, 0.97 * level), 0.0)


@pytest.mark.parametrize("positive", [False, True])
def test_violators_are_the_columns_at_zero_above_their_level(positive):
    rng = np.random.default_rng(0)
    w = np.where(rng.random(50) < 0.3, 1.0, 0.0)
    gradient, l1, member = rng.standard_normal(50), rng.random(50), rng.random(50) < 0.3
    gradient[7] = np.nan
    columns, excess = np.empty(50, dtype=np.int64), np.empty(50)
    found = kernels.violators(w, gradient, l1, member, positive, columns, excess)
    slope = gradient if positive else np.abs(gradient)
    expected = np.flatnonzero((slope > l1) & (w == 0.0) & ~member)
    assert 5 < found < 40
    assert_array_equal(columns[:found], expected)
    assert_array_equal(excess[:found], (slope - l1)[expected])
