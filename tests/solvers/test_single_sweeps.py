"""Single fits by sweeps over columns in float32, certified by X in float64."""

import numpy as np
import pytest

from sklreg.linear_model import ElasticNet, Lasso
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.single_sweeps import SingleSweeps, _Round

N_SAMPLES, N_FEATURES = 600, 200


@pytest.fixture
def runs(monkeypatch):
    """The sweeps that were run: ``(sweeps, gap on leaving)`` of each fit."""
    seen, run = [], SingleSweeps.run

    def watched(sweeps, *args):
        gap, correlation = run(sweeps, *args)
        seen.append((sweeps.sweeps, gap))
        return gap, correlation

    monkeypatch.setattr(SingleSweeps, "run", watched)
    return seen


@pytest.fixture
def never_dear(monkeypatch):
    """Sweeps are neither refused nor given up."""
    monkeypatch.setattr(SingleSweeps, "_exact_work", lambda *_: np.inf)
    monkeypatch.setattr(SingleSweeps, "_correlated", lambda *_: False)


def data(change=None, seed=5):
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.standard_normal((N_SAMPLES, N_FEATURES)) + 2.0)
    y = X[:, :150] @ rng.standard_normal(150) + rng.standard_normal(N_SAMPLES)
    if change is not None:
        X = change(X, rng)
    return X, y


def duplicated(X, rng):
    X[:, 100:130] = X[:, :30]
    return X


def with_constants(X, rng):
    X[:, 20:40] = 3.0
    return X


def far_apart(X, rng):
    return X * np.geomspace(1e-6, 1e6, N_FEATURES)


def far_from_zero(X, rng):
    return X + 1e4


def in_float32(X, rng):
    return X.astype(np.float32)


def in_c_order(X, rng):
    return np.ascontiguousarray(X)


CHANGES = [
    None,
    duplicated,
    with_constants,
    far_apart,
    far_from_zero,
    in_float32,
    in_c_order,
]


def problem_of(X, y, weight=None, **settings):
    design = make_design(X, weight)
    return LeastSquaresProblem(design, design.targets(y)[0], **settings)


def relative_gap(X, y, w, level, l2=0.0, weight=None):
    """The duality gap of the elastic net from X alone, over that at zero."""
    weight = np.ones(len(y)) if weight is None else weight
    weight = weight / weight.sum()
    X, y = X.astype(np.float64), y - weight @ y
    X = X - weight @ X
    residual = y - X @ w
    slopes = np.abs(X.T @ (weight * residual))
    scale = 1.0 if l2 else min(1.0, level / slopes.max())
    loss = weight @ residual**2
    primal = (loss + l2 * w @ w) / 2 + level * np.abs(w).sum()
    dual = scale * weight @ (residual * y) - scale**2 * loss / 2
    if l2:  # the conjugate of the penalty is finite, and no scaling is needed
        dual -= np.sum(np.maximum(slopes - level, 0.0) ** 2) / (2 * l2)
    return (primal - dual) / (weight @ y**2)


@pytest.mark.parametrize("divisor", [3, 100, 2000])
@pytest.mark.parametrize("change", CHANGES)
def test_meets_the_tolerance_whatever_the_columns(change, divisor, runs, never_dear):
    X, y = data(change)
    problem = problem_of(X, y)
    level = problem.alpha_max() / divisor
    solution = problem.solve(level, 0.0, tol=1e-6)
    assert runs
    assert runs[0][0] > 0
    assert relative_gap(X, y, solution.w, level) <= 1.01e-6


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_exact_steps(l2, weighted, runs):
    X, y = data()
    weight = None
    if weighted:
        weight = np.random.default_rng(0).uniform(0.0, 2.0, N_SAMPLES)
        weight[:50] = 0.0
    problem = problem_of(X, y, weight)
    level = problem.alpha_max() / 100
    swept = problem.solve(level, l2, tol=2e-7)
    exact = problem_of(X, y, weight).solve(level, l2, tol=1e-12)
    assert len(runs) == 1
    assert runs[0][1] <= problem.goal(2e-7)
    np.testing.assert_allclose(swept.w, exact.w, atol=2e-3)
    assert relative_gap(X, y, swept.w, level, l2, weight) <= 2.02e-7


def test_certifies_the_gap_that_it_reports(runs):
    X, y = data()
    model = Lasso(alpha=0.05, tol=1e-5).fit(X, y)
    assert runs[0][1] < np.inf
    reported = model.dual_gap_ / np.var(y)
    true = relative_gap(X, y, model.coef_, 0.05)
    assert reported == pytest.approx(true, abs=1e-12)


def test_positive_coefficients(runs, never_dear):
    X, y = data()
    model = ElasticNet(alpha=0.05, l1_ratio=0.8, positive=True, tol=1e-6).fit(X, y)
    tight = ElasticNet(alpha=0.05, l1_ratio=0.8, positive=True, tol=1e-12).fit(X, y)
    assert len(runs) == 1
    assert runs[0][0] > 0
    assert model.coef_.min() >= 0.0
    np.testing.assert_allclose(model.coef_, tight.coef_, atol=1e-3)


def test_starts_from_where_it_is(runs):
    X, y = data()
    problem = problem_of(X, y)
    level = problem.alpha_max() / 100
    w = problem.solve(level, 0.0, tol=1e-12).w
    near = problem_of(X, y).solve(level * 0.99, 0.0, w, tol=1e-6)
    cold = problem_of(X, y).solve(level * 0.99, 0.0, tol=1e-6)
    (near_sweeps, _), (cold_sweeps, _) = runs
    assert near_sweeps < cold_sweeps
    for solution in (near, cold):
        assert relative_gap(X, y, solution.w, level * 0.99) <= 1.01e-6


def test_takes_only_the_columns_that_matter(monkeypatch, never_dear):
    X, y = data()
    problem = problem_of(X, y)
    level = problem.alpha_max() / 1.5
    sweeps = SingleSweeps(problem, np.full(N_FEATURES, level), np.zeros(N_FEATURES))
    w = np.zeros(N_FEATURES)
    gap, _ = sweeps.run(w, problem.goal(1e-6), 1000)
    assert gap <= problem.goal(1e-6)
    assert 0 < len(sweeps.columns) < N_FEATURES / 2


def test_leaves_correlated_columns_to_exact_steps(runs):
    def correlated(X, rng):
        return X + 5.0 * rng.standard_normal((N_SAMPLES, 1))

    X, y = data(correlated)
    problem = problem_of(X, y)
    level = problem.alpha_max() / 1000
    solution = problem.solve(level, 0.0, tol=1e-6)
    assert runs == [(0, pytest.approx(runs[0][1]))]
    assert relative_gap(X, y, solution.w, level) <= 1e-6


def test_gives_up_where_exact_steps_cost_less(monkeypatch, runs):
    monkeypatch.setattr(SingleSweeps, "_promises", lambda *_: True)
    monkeypatch.setattr(SingleSweeps, "_correlated", lambda *_: False)

    def correlated(X, rng):
        return X + 5.0 * rng.standard_normal((N_SAMPLES, 1))

    X, y = data(correlated)
    problem = problem_of(X, y)
    level = problem.alpha_max() / 1000
    solution = problem.solve(level, 0.0, tol=1e-6)
    ((sweeps, gap),) = runs
    assert 0 < sweeps < 100
    assert gap == np.inf
    assert relative_gap(X, y, solution.w, level) <= 1e-6


@pytest.mark.parametrize("scale", [1e-25, 1e25])
@pytest.mark.parametrize("what", ["columns", "target"])
def test_leaves_scales_beyond_float32_alone(what, scale, runs, never_dear):
    X, y = data()
    if what == "columns":
        X[:, :60] *= scale
    else:
        y *= scale
    problem = problem_of(X, y)
    level = problem.alpha_max() / 50
    solution = problem.solve(level, 0.0, tol=1e-6)
    assert runs[0][0] == 0
    assert solution.gap <= problem.goal(1e-6)


def test_stops_at_the_greatest_number_of_sweeps(runs):
    X, y = data()
    problem = problem_of(X, y)
    sweeps = SingleSweeps(problem, np.full(N_FEATURES, 1e-3), np.zeros(N_FEATURES))
    sweeps.run(np.zeros(N_FEATURES), 0.0, 4)
    assert sweeps.sweeps == 4
    solution = problem_of(X, y).solve(1e-3, 0.0, tol=1e-6, max_iter=2)
    assert solution.n_iter >= 1
    assert np.isfinite(solution.gap)


@pytest.mark.parametrize(
    ("change", "tol"),
    [("tol", 1e-9), ("few", 1e-4), ("unpenalised", 1e-4), ("random", 1e-4)],
)
def test_is_not_tried_where_it_does_not_apply(change, tol, runs):
    X, y = data()
    settings = {}
    l1 = np.full(N_FEATURES, 0.05)
    if change == "few":
        X, l1 = X[:, :50], l1[:50]
    elif change == "unpenalised":
        l1[3] = 0.0
    elif change == "random":
        settings["random_state"] = np.random.RandomState(0)
    solution = problem_of(X, y, **settings).solve(l1, 0.0, tol=tol)
    assert not runs
    assert solution.gap <= problem_of(X, y).goal(tol)


@pytest.mark.parametrize("scale", [1.0, 1e45])
def test_leaps_only_where_the_objective_falls(scale):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((70, 90)).astype(np.float32)
    residual = rng.standard_normal(90)
    l1, l2 = np.full(70, 0.5), np.full(70, 0.1)
    squares = np.sum(rows.astype(float) ** 2, axis=1)
    start = np.zeros(70)
    round_ = _Round(rows, squares, residual, rows @ residual, start, l1, l2, False)

    def objective():
        rest = residual - round_.w @ rows
        return rest @ rest / 2 + l1 @ np.abs(round_.w) + l2 @ round_.w**2 / 2

    for _ in range(5):
        round_.sweep(5)
        before = objective()
        round_._iterates[5] = round_.w + scale * rng.standard_normal(70)
        round_._leap()
        assert objective() <= before * (1 + 1e-6)
        rest = residual - round_.pull
        np.testing.assert_allclose(rest, residual - round_.w @ rows, atol=1e-4)
