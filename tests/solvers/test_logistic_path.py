"""Logistic paths in lockstep: against single solutions, and their certificates."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.special import expit, rel_entr

from sklreg.solvers import _logistic_path_kernels as kernels
from sklreg.solvers import logistic_path
from sklreg.solvers.design import make_design
from sklreg.solvers.logistic import LogisticProblem
from sklreg.solvers.logistic_columns import LogisticColumns
from sklreg.solvers.logistic_path import follow_paths
from sklreg.solvers.narrow_products import correlate_few


def make_data(n=70, p=30, seed=0, density=0.3):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < density)
    y = X[:, 0] - X[:, 1] + 0.5 * rng.standard_normal(n) > 0.0
    return X, y.astype(float)


def make_problems(X, y, n_weightings=3, **options):
    rng = np.random.default_rng(1)
    problem = LogisticProblem(make_design(X, None, False), y, **options)
    weights = rng.random((n_weightings, len(y))) * (rng.random(len(y)) < 0.8)
    return [problem.reweighted(weight) for weight in weights]


def objective(problem, found, l1, l2):
    X = problem.design.X
    raw = problem.offset + found.intercept + np.asarray(X @ found.w, dtype=float)
    loss = problem.weight @ np.logaddexp(0.0, -problem.sign * raw)
    return loss + l1 @ np.abs(found.w) + 0.5 * (l2 @ found.w**2)


def assert_optimal(problems, strengths, penalties, paths, tol):
    for problem, (l1, l2), path in zip(problems, penalties, paths, strict=True):
        w = intercept = None
        for strength, found in zip(strengths, path, strict=True):
            scaled = strength * l1, strength * l2
            best = problem.solve(*scaled, w, intercept, tol=1e-13, max_iter=1000)
            w, intercept = best.w, best.intercept
            above = objective(problem, found, *scaled)
            above -= objective(problem, best, *scaled)
            assert above <= found.gap + 1e-12 * found.null_value
            assert found.gap <= tol * found.null_value
            assert np.all((found.w >= problem.lower) & (found.w <= problem.upper))


CONTAINERS = {
    "columns": np.asfortranarray,
    "rows": np.ascontiguousarray,
    "single": lambda X: np.asfortranarray(X, dtype=np.float32),
    "csc": sparse.csc_array,
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_every_solution_is_as_good_as_its_gap_says(container, l1_ratio, fit_intercept):
    X, y = make_data()
    problems = make_problems(CONTAINERS[container](X), y, fit_intercept=fit_intercept)
    factor = np.linspace(0.5, 2.0, X.shape[1])
    penalties = [(l1_ratio * factor, (1.0 - l1_ratio) * factor)] * 3
    top = max(problem.alpha_max(factor) for problem in problems) / l1_ratio
    strengths = top * np.geomspace(1.0, 1e-2, 25)
    paths = follow_paths(problems, strengths, penalties, tol=1e-8, max_iter=100)
    assert_optimal(problems, strengths, penalties, paths, 1e-8)
    assert not paths[0][0].w.any() and paths[0][-1].w.any()


def test_a_step_for_most_penalties():
    X, y = make_data(400, 40, density=1.0)
    problems = make_problems(X, y)
    ones = np.ones(40)
    strengths = problems[0].alpha_max() * np.geomspace(1.0, 1e-2, 100)
    paths = follow_paths(
        problems, strengths, [(ones, 0.0 * ones)] * 3, tol=1e-8, max_iter=100
    )
    assert sum(found.n_iter for path in paths for found in path) < 450


@pytest.mark.parametrize("strengths", [[3.0, 0.01], [1.0, 1.0, 0.5, 0.5], [2e-4]])
def test_grids_may_be_coarse_or_repeat_values(strengths):
    X, y = make_data(p=100)
    problems = make_problems(sparse.csc_array(X), y)
    penalties = [(np.ones(100), np.zeros(100))] * 3
    paths = follow_paths(problems, strengths, penalties, tol=1e-10, max_iter=100)
    assert_optimal(problems, strengths, penalties, paths, 1e-10)


@pytest.mark.parametrize("most_columns", [3, 1024])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("lowest", [-np.inf, 0.0])
def test_compiled_paths_are_those_in_lockstep(
    most_columns, l1_ratio, fit_intercept, lowest, monkeypatch
):
    X, y = make_data(120, 200, seed=4, density=0.1)
    X[:, 5] = X[:, 7]
    offset = np.random.default_rng(3).standard_normal(len(y))
    options = {"fit_intercept": fit_intercept, "offset": offset}
    options["lower"] = np.full(200, lowest)
    problems = make_problems(sparse.csc_array(X), y, **options)
    ones = np.ones(200)
    penalties = [(l1_ratio * ones, (1.0 - l1_ratio) * ones)] * 3
    top = max(problem.alpha_max() for problem in problems) / l1_ratio
    strengths = top * np.geomspace(1.0, 0.03, 30)
    arguments = problems, strengths, penalties
    monkeypatch.setattr(logistic_path, "_LARGEST_MODEL", most_columns)
    compiled = follow_paths(*arguments, tol=1e-9, max_iter=100)
    monkeypatch.setattr(logistic_path, "_FEW_ENTRIES", -1)
    together = follow_paths(*arguments, tol=1e-9, max_iter=100)
    assert_optimal(*arguments, compiled, 1e-9)
    for one, other in zip(compiled, together, strict=True):
        for a, b in zip(one, other, strict=True):
            assert_allclose(X @ a.w + a.intercept, X @ b.w + b.intercept, atol=1e-3)


def test_what_a_loop_does_not_finish_is_left_to_steps():
    X, y = make_data(80, 60, seed=5, density=0.2)
    problems = make_problems(sparse.csc_array(X), y)
    penalties = [(np.ones(60), np.zeros(60))] * 3
    strengths = problems[0].alpha_max() * np.array([1.0, 1e-3])
    (path, *_) = follow_paths(problems, strengths, penalties, tol=1e-12, max_iter=1)
    assert [found.n_iter for found in path] == [1, 1]
    assert path[1].gap > 1e-12 * path[1].null_value


@pytest.mark.parametrize("box", [(0.0, np.inf), (-0.1, 0.2), (-np.inf, 0.3)])
def test_bounds_hold_from_the_first_to_the_last(box):
    X, y = make_data(40, 60, seed=3)
    X = np.asfortranarray(X + 100.0)  # far from zero: steps are cut
    lower, upper = (np.full(60, bound) for bound in box)
    problems = make_problems(X, y, lower=lower, upper=upper)
    penalties = [(np.ones(60), np.zeros(60))] * 3
    strengths = problems[0].alpha_max() * np.geomspace(1.0, 1e-4, 20)
    paths = follow_paths(problems, strengths, penalties, tol=1e-6, max_iter=200)
    assert_optimal(problems, strengths, penalties, paths, 1e-6)


def test_duplicates_offset_and_start():
    X, y = make_data(p=20)
    X = np.asfortranarray(np.hstack([X, X[:, ::2]]))
    offset = np.random.default_rng(2).standard_normal(len(y))
    problems = make_problems(X, y, 2, offset=offset)
    penalties = [(np.ones(30), np.zeros(30))] * 2
    found = follow_paths(problems, [1.0], penalties, tol=1e-9, max_iter=100)
    starts = [(path[0].w, None) for path in found]
    seen = []
    paths = follow_paths(
        problems,
        [0.9, 0.3],
        penalties,
        starts,
        tol=1e-9,
        max_iter=100,
        progress=lambda k, solutions: seen.append((k, len(solutions))),
    )
    assert_optimal(problems, [0.9, 0.3], penalties, paths, 1e-9)
    assert seen == [(0, 2), (1, 2)]


def test_too_few_steps_show_in_the_gap():
    X, y = make_data()
    problems = make_problems(X, y)
    penalties = [(np.ones(30), np.zeros(30))] * 3
    paths = follow_paths(problems, [0.01], penalties, tol=1e-10, max_iter=1)
    assert all(path[0].n_iter == 1 for path in paths)
    assert all(path[0].gap > 1e-10 * path[0].null_value for path in paths)


def test_columns_are_shared_from_the_start():
    X, y = make_data()
    problem = LogisticProblem(make_design(X, None, False), y)
    assert problem.reweighted(problem.weight).working is problem.working


@pytest.mark.parametrize("spread", [1e-6, 1e-2, 1.0])
def test_divergence_is_that_of_the_probabilities(spread):
    rng = np.random.default_rng(0)
    raw = np.append(8.0 * rng.standard_normal(200), [800.0, -800.0])
    sign = np.where(rng.random(202) < 0.5, 1.0, -1.0)
    sign[200:] = 1.0, -1.0
    weight = rng.random(202) * (rng.random(202) < 0.9)
    wrong = expit(-sign * raw)
    other = np.clip(wrong * (1.0 + spread * rng.uniform(-1.0, 1.0, 202)), 0.0, 1.0)
    other = 1.0 - (1.0 - other)  # probabilities of which both sides are exact
    dual = 2.0 * weight * sign * other
    found, total = kernels.divergence(raw, dual, 0.5, sign, weight)
    right = expit(sign * raw)
    expected = rel_entr(other, wrong) + rel_entr(1.0 - other, right)
    near = np.abs(other - wrong) <= 1e-3 * np.minimum(wrong, right)
    u = np.where(near, (other - wrong) / np.where(wrong > 0.0, wrong, 1.0), 0.0)
    v = np.where(near, (wrong - other) / np.where(right > 0.0, right, 1.0), 0.0)
    # The difference of logarithms cancels where the change is small.
    series = wrong * (u**2 / 2 - u**3 / 6) + right * (v**2 / 2 - v**3 / 6)
    expected = np.where(near, series, expected)
    assert_allclose(found, weight @ expected, rtol=1e-5)
    assert_allclose(total, 0.5 * dual.sum())
    dual[np.flatnonzero(weight)[0]] *= -1e3
    assert kernels.divergence(raw, dual, 0.5, sign, weight)[0] == np.inf


@pytest.mark.parametrize("n_vectors", [1, 4, 6, 9])
@pytest.mark.parametrize("container", CONTAINERS)
def test_products_with_a_few_vectors(container, n_vectors):
    X, _ = make_data()
    V = np.random.default_rng(0).standard_normal((n_vectors, len(X)))
    stored = CONTAINERS[container](X)
    found = correlate_few(make_design(stored, None, False), list(V))
    expected = V @ (stored.toarray() if sparse.issparse(stored) else stored)
    assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("center", [True, False])
def test_sparse_grams_are_summed_over_short_rows(center):
    X, _ = make_data(200, 40, density=0.05)
    working = LogisticColumns(make_design(sparse.csc_array(X), None, False), center)
    working.add(np.arange(40)[::-1])
    weight = np.random.default_rng(0).random(200) * (np.arange(200) % 5 > 0)
    left, right = np.arange(3, 40, 2), np.array([1, 0, 30])
    assert working._has_short_rows(working.columns[left], working.columns[right])
    held = X[:, ::-1]
    if center:
        held = held - (weight @ held) / weight.sum()
    full = held.T @ (weight[:, None] * held)
    found = working.gram(weight, left, left)
    assert_allclose(found, full[np.ix_(left, left)], atol=1e-12)
    found = working.gram(weight, left, right)
    assert_allclose(found, full[np.ix_(left, right)], atol=1e-12)
