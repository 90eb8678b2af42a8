"""Sweeps along a path, where they cost less, against exact steps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.path import solve_path
from sklreg.solvers.steps import PathSteps


def wide_problem(positive=False):
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.normal(size=(80, 700)))
    X[:, 1:] += 0.5 * X[:, :-1]
    y = X[:, :20] @ rng.normal(size=20) + rng.normal(size=80)
    design = make_design(X, None, center=True)
    return LeastSquaresProblem(design, design.targets(y)[0], positive=positive)


def path(monkeypatch, l1_ratio, tol, *, sweep, positive=False):
    """Solve a path; return its problem, its solutions and the sweeps' successes."""
    successes = []
    original = PathSteps._sweep

    def watched(self, *arguments):
        found = original(self, *arguments) if sweep else (0, False)
        successes.append(found[1])
        return found

    monkeypatch.setattr(PathSteps, "_sweep", watched)
    problem = wide_problem(positive)
    alphas = np.geomspace(1.0, 1e-3, 40) * problem.alpha_max(l1_ratio)
    return problem, solve_path(problem, alphas, l1_ratio, tol=tol), sum(successes)


@pytest.mark.parametrize(
    ("l1_ratio", "positive"), [(0.1, False), (0.1, True), (0.5, False)]
)
def test_sweeps_hold_the_tolerance(monkeypatch, l1_ratio, positive):
    options = {"positive": positive}
    problem, swept, successes = path(monkeypatch, l1_ratio, 1e-6, sweep=True, **options)
    assert successes > 3
    assert max(solution.gap for solution in swept) <= problem.goal(1e-6)
    monkeypatch.undo()
    _, exact, none = path(monkeypatch, l1_ratio, 1e-12, sweep=False, **options)
    assert none == 0
    for ours, theirs in zip(swept, exact, strict=True):
        difference = problem.design.apply(ours.w - theirs.w)
        # The objective is 1-strongly convex in the prediction.
        assert difference @ difference <= 2.0 * problem.goal(1.1e-6)


def test_lasso_is_left_to_exact_steps(monkeypatch):
    problem, solutions, successes = path(monkeypatch, 1.0, 1e-4, sweep=True)
    assert successes == 0
    assert_allclose([s.gap for s in solutions], 0.0, atol=problem.goal(1e-4))


def test_failed_sweeps_pause(monkeypatch):
    problem = wide_problem()
    steps = PathSteps(problem, 1e-11, max_iter=1)
    problem.working.add(np.arange(700))
    alphas = np.geomspace(0.3, 0.01, 8) * problem.alpha_max(0.1)
    w, gradient = np.zeros(700), problem.q.copy()
    pauses = []
    for alpha in alphas:
        l1, l2 = np.full(700, 0.1 * alpha), np.full(700, 0.9 * alpha)
        reached, _ = steps.move(w, gradient, l1, l2)
        assert reached
        pauses.append(steps.pause)
        slope = problem.q - problem.working.gram[:700, :700] @ w - l2 * w
        assert np.all(np.abs(slope) <= l1 * (1.0 + 1e-9))
    # One sweep is never enough, and the exact steps after it are what counts.
    assert pauses[-1] > pauses[0]


def test_rounding_is_left_to_exact_steps(monkeypatch):
    *_, successes = path(monkeypatch, 0.1, 1e-14, sweep=True)
    assert successes == 0
