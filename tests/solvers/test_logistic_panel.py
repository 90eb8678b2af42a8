"""Sweeps over columns under weights, against the same quadratic by its matrix."""

import numpy as np
import pytest

from sklreg.solvers import _logistic_kernels as kernels
from sklreg.solvers.design import make_design
from sklreg.solvers.logistic_columns import LogisticColumns
from sklreg.solvers.logistic_panel import minimise_on_panel
from sklreg.solvers.quadratic import minimise_quadratic


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize(
    ("l2", "lower", "upper"),
    [(0.0, -np.inf, np.inf), (0.4, -np.inf, np.inf), (0.0, 0.0, 0.7), (0.2, -0.5, 0.3)],
)
def test_panels_reach_the_minimum(order, center, l2, lower, upper):
    rng = np.random.default_rng(0)
    n, p = 50, 90
    X = rng.standard_normal((n, p)) + 3.0
    X[:, :60] += 2.0 * rng.standard_normal((n, 1))
    X[:, 7] = 5.0  # nothing is left of it with an intercept
    X[:, 8] = X[:, 9]
    scale = np.ones(p)
    scale[3], scale[4] = 1e25, 1e-25
    curvature = rng.random(n) / 4.0
    working = LogisticColumns(make_design(np.asarray(X * scale, order=order)), center)
    working.add(np.arange(p))
    rows, norms = working.weighted_rows(curvature, np.arange(p))
    x = (X - (curvature @ X) / curvature.sum()) if center else X
    x[:, 7] *= not center
    G = x.T @ (curvature[:, None] * x)
    start = np.where(rng.random(p) < 0.2, 0.1, 0.0)
    start[9] = 0.0
    slope = x.T @ (curvature * rng.standard_normal(n) * 3.0)
    box = np.ones(p) * lower, np.ones(p) * upper
    for far in (True, False):
        w = start / scale
        penalties = scale, l2 * scale**2, box[0] / scale, box[1] / scale
        minimise_on_panel(rows, norms, slope * scale, w, penalties, 1e-14, 1e-9, far)
        w *= scale
        assert np.all((w >= lower) & (w <= upper))

        def value(w):
            move = w - start
            smooth = move @ G @ move / 2 - slope @ move
            return smooth + np.abs(w).sum() + l2 / 2 * w @ w

        best = start.copy()
        ones = np.ones(p)
        minimise_quadratic(G, slope.copy(), best, ones, l2 * ones, *box, 1e-14, 1e-9)
        assert value(best) < value(start) - 1.0
        share = (value(w) - value(best)) / (value(start) - value(best))
        assert share < (0.2 if far else 1e-6)


@pytest.mark.parametrize("l2", [0.0, 1.0])
def test_sweeps_end_where_slopes_cost_the_dual_little(l2):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 60))
    G, q = x.T @ x / 40.0, x.T @ rng.standard_normal(40)
    box = np.full(60, -np.inf), np.full(60, np.inf)
    ones, l2 = np.ones(60), l2 * np.ones(60)
    w, gradient = np.zeros(60), q.copy()
    tol = 1e-4
    # No slope may be off by anything: only its price ends the sweeps.
    limits = 100, tol, 0.0, True
    sweeps, settled, _ = kernels.gram_sweeps(G, gradient, w, ones, l2, *box, *limits)
    if not l2.any():
        assert not settled
        return
    assert settled
    assert sweeps < 50
    excess = np.maximum(np.abs(q - G @ w) - 1.0, 0.0)
    value = w @ G @ w / 2 - q @ w + np.abs(w).sum() + l2 @ w**2 / 2
    dual = -w @ G @ w / 2 - np.sum(excess**2 / (2 * l2))
    assert 0.0 <= value - dual < 10 * tol
