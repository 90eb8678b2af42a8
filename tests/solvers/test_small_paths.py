"""Paths of few features, followed by one kernel."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklreg.solvers import _active_set_kernels as kernels
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.path import solve_path


def data(n=90, p=30, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    X[:, 1:] += 0.7 * X[:, :-1]
    X[rng.random((n, p)) < 0.4] = 0.0
    return X, X[:, :9] @ rng.standard_normal(9) + rng.standard_normal(n)


def problem_of(X, y, **options):
    design = make_design(X, None, center=True)
    return LeastSquaresProblem(design, design.targets(y)[0], **options)


def gap_from_scratch(problem, X, w, l1, l2):
    A = (X - X.mean(axis=0)) / np.sqrt(len(X))
    r = problem.b - A @ w
    slope = A.T @ r - l2 * w
    slope = np.max(slope if problem.positive else np.abs(slope))
    scale = min(1.0, l1 / slope) if slope > 0.0 else 1.0
    primal = 0.5 * r @ r + l1 * np.abs(w).sum() + 0.5 * l2 * w @ w
    # The ridge part as rows of its own below A.
    square = r @ r + l2 * w @ w
    return primal - scale * (r @ problem.b) + 0.5 * scale**2 * square


@pytest.fixture
def calls(monkeypatch):
    """Count the calls of the kernel."""
    made = []
    original = kernels.follow_path

    def counted(*arguments):
        made.append(1)
        return original(*arguments)

    monkeypatch.setattr(kernels, "follow_path", counted)
    return made


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
@pytest.mark.parametrize("shape", [(90, 30), (20, 60)])
def test_one_call_solves_a_path(calls, shape, l1_ratio, positive):
    X, y = data(*shape)
    problem = problem_of(np.asfortranarray(X), y, positive=positive)
    alphas = problem.alpha_max(l1_ratio) * np.geomspace(1.0, 1e-2, 40)
    solutions = solve_path(problem, alphas, l1_ratio, tol=1e-9)
    assert len(calls) == 1
    for alpha, s in zip(alphas, solutions, strict=True):
        levels = alpha * l1_ratio, alpha * (1.0 - l1_ratio)
        gap = gap_from_scratch(problem, X, s.w, *levels)
        assert abs(gap) <= 1e-12 * problem.null_square
        assert s.gap <= problem.goal(1e-9)
    assert np.count_nonzero(solutions[-1].w) > 8


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_sparse_and_dense_agree_to_rounding(calls, l1_ratio):
    X, y = data()
    found = []
    for layout in np.asfortranarray, sparse.csc_array:
        problem = problem_of(layout(X), y)
        alphas = problem.alpha_max(l1_ratio) * np.geomspace(1.0, 1e-3, 20)
        solutions = solve_path(problem, alphas, l1_ratio, tol=1e-3)
        found.append(np.stack([s.w for s in solutions]))
    assert len(calls) == 2
    assert_allclose(found[0], found[1], rtol=0, atol=1e-12 * np.abs(found[0]).max())


def test_a_start_is_no_more_than_a_start():
    X, y = data()
    problem = problem_of(np.asfortranarray(X), y)
    alphas = problem.alpha_max() * np.geomspace(0.5, 0.01, 10)
    start = np.random.default_rng(1).standard_normal(30)
    warm = solve_path(problem, alphas, 1.0, start, tol=1e-8)
    cold = solve_path(problem, alphas, 1.0, tol=1e-8)
    for ours, theirs in zip(warm, cold, strict=True):
        assert_allclose(ours.w, theirs.w, atol=1e-10)
    assert not np.array_equal(start, warm[0].w)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_dependent_columns_are_certified(l1_ratio):
    X, y = data()
    X[:, 20:] = X[:, :10]
    X[:, 5] = 0.0
    problem = problem_of(np.asfortranarray(X), y)
    alphas = problem.alpha_max(l1_ratio) * np.geomspace(1.0, 1e-3, 30)
    start = np.full(30, 0.1)
    for begin in None, start:
        for s in solve_path(problem, alphas, l1_ratio, begin, tol=1e-8):
            assert s.gap <= problem.goal(1e-8)
            assert s.w[5] == 0.0


def test_events_are_bounded_by_the_iterations():
    X, y = data()
    problem = problem_of(np.asfortranarray(X), y)
    alphas = problem.alpha_max() * np.array([1.0, 1e-3, 1e-4])
    solutions = solve_path(problem, alphas, 1.0, tol=1e-10, max_iter=1)
    assert solutions[0].gap <= problem.goal(1e-10)
    assert solutions[1].gap > problem.goal(1e-10)
    # A later penalty may start from there and succeed, with iterations enough.
    enough = solve_path(problem, alphas, 1.0, tol=1e-10, max_iter=1000)
    assert max(s.gap for s in enough) <= problem.goal(1e-10)


def test_a_random_order_is_left_to_sweeps(calls):
    X, y = data()
    random_state = np.random.RandomState(0)
    problem = problem_of(np.asfortranarray(X), y, random_state=random_state)
    alphas = problem.alpha_max() * np.geomspace(1.0, 0.1, 5)
    solve_path(problem, alphas, 1.0, tol=1e-6)
    assert not calls


def test_means_that_hide_the_spread_of_sparse_columns_are_noticed():
    X, y = data()
    assert not make_design(sparse.csc_array(X), None, True).gram_cancels
    X[X != 0.0] += 1e6
    X[:, 0] = 1e6
    X[0, 0] = 0.0
    design = make_design(sparse.csc_array(X), None, True)
    assert design.gram_cancels
    problem = LeastSquaresProblem(design, design.targets(y)[0])
    problem.make_gram()
    assert not problem.certifies_by_gram(10**6)
    assert_array_equal(design.gram().shape, (30, 30))
