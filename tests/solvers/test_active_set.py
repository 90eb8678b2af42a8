"""Exact moves on a working set: on all of it, or on the columns near their level."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklreg.solvers import _active_set_kernels as kernels
from sklreg.solvers import active_set
from sklreg.solvers.active_set import ActiveSet
from sklreg.solvers.design import make_design
from sklreg.solvers.working_set import WorkingSet

N_SAMPLES, N_FEATURES = 60, 150


def _columns(seed=0, duplicated=False):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((N_SAMPLES, N_FEATURES))
    X[:, 1:] += 0.7 * X[:, :-1]
    if duplicated:
        X[:, ::10] = X[:, 1::10]
    return X, X[:, :20] @ rng.standard_normal(20) + rng.standard_normal(N_SAMPLES)


def _moved(X, y, levels, l2=0.0, positive=False):
    """Return the solution behind the last level, the gradient there and the events."""
    working = WorkingSet(make_design(X, None, center=False))
    working.add(np.arange(N_FEATURES))
    active = ActiveSet(working)
    w = np.zeros(N_FEATURES)
    gradient = X.T @ y / N_SAMPLES
    top = np.abs(gradient).max()
    events = 0
    for level in levels:
        l1 = np.full(N_FEATURES, level * top)
        done, count = active.move(w, gradient, l1, np.full(N_FEATURES, l2), positive)
        assert done
        events += count
    return w, gradient, level * top, events


@pytest.fixture
def near_only(monkeypatch):
    """Tell the columns near their level apart whatever it costs."""
    told = []

    def near(self, *args):
        found = _near(self, *args)
        told.append(found)
        return found

    _near = ActiveSet._near
    monkeypatch.setattr(ActiveSet, "_near", near)
    monkeypatch.setattr(active_set, "_MUCH_WORK", -1)
    monkeypatch.setattr(active_set, "_COPYING", -1e9)
    yield
    assert all(found is not None for found in told)


@pytest.mark.parametrize("margin", [0.5, 0.95, 1.05])
@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("duplicated", [False, True])
def test_moves_on_near_columns_end_at_the_optimum(
    margin, l2, positive, duplicated, near_only, monkeypatch
):
    monkeypatch.setattr(active_set, "_NEAR", margin)
    X, y = _columns(duplicated=duplicated)
    w, gradient, l1, _ = _moved(X, y, (0.8, 0.5, 0.2, 0.05), l2, positive)
    assert_allclose(gradient, X.T @ (y - X @ w) / N_SAMPLES, atol=1e-10)
    slope = gradient - l2 * w
    inside = w != 0.0
    assert_allclose(slope[inside], l1 * np.sign(w[inside]), rtol=1e-9)
    assert (slope if positive else np.abs(slope)).max() <= l1 * (1 + 1e-9)
    if positive:
        assert w.min() >= 0.0


def _follow_all(self, near, *rest):
    return self._follow(*rest)


def test_near_columns_change_nothing(near_only):
    X, y = _columns(1)
    found = _moved(X, y, (0.6, 0.3, 0.1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ActiveSet, "_follow_near", lambda self, near, *rest: self._follow(*rest)
        )
        expected = _moved(X, y, (0.6, 0.3, 0.1))
    assert_allclose(found[0], expected[0], atol=1e-12)
    assert_array_equal(found[0] != 0.0, expected[0] != 0.0)


@pytest.mark.parametrize("place", [0, 1, 5, 18, 19])
@pytest.mark.parametrize("size", [20, 21, 22, 23])
def test_a_row_leaves_the_factor(place, size):
    X, _ = _columns(2)
    G = X.T @ X / N_SAMPLES
    support = np.arange(size)
    L, l2 = np.zeros((size, size)), np.full(N_FEATURES, 0.1)
    assert kernels.factor_support(G, support, size, l2, L) == size
    kernels._remove(support, size, place, L, np.empty((2, size)))
    left = np.delete(np.arange(size), place)
    assert_array_equal(support[: size - 1], left)
    lower = np.tril(L[: size - 1, : size - 1])
    expected = G[np.ix_(left, left)] + 0.1 * np.eye(size - 1)
    assert_allclose(lower @ lower.T, expected, atol=1e-12)


@pytest.mark.parametrize("duplicated", [False, True])
@pytest.mark.parametrize("positive", [False, True])
def test_levels_in_one_call_are_moves_one_by_one(duplicated, positive):
    X, y = _columns(duplicated=duplicated)
    working = WorkingSet(make_design(X, None, center=False))
    working.add(np.arange(N_FEATURES))
    gradient = X.T @ y / N_SAMPLES
    levels = np.geomspace(0.9, 0.01, 12)
    top, l2 = np.abs(gradient).max(), np.zeros(N_FEATURES)
    active = ActiveSet(working)
    found = active.move_along(
        np.zeros(N_FEATURES),
        gradient,
        levels * top,
        np.ones(N_FEATURES),
        l2,
        positive,
    )
    found = [(w.copy(), events, slopes.copy()) for w, events, slopes in found]
    assert len(found) == len(levels)
    for k, (w, _, slopes) in enumerate(found):
        expected, at_end, _, _ = _moved(X, y, levels[: k + 1], positive=positive)
        assert_allclose(w, expected, atol=1e-10)
        assert_allclose(slopes, at_end, atol=1e-10)
    one_by_one = _moved(X, y, levels, positive=positive)[-1]
    assert sum(events for _, events, _ in found) == one_by_one


def test_levels_go_by_near_columns_where_that_saves_work(near_only):
    X, y = _columns()
    working = WorkingSet(make_design(X, None, center=False))
    working.add(np.arange(N_FEATURES))
    gradient, w = X.T @ y / N_SAMPLES, np.zeros(N_FEATURES)
    levels = np.array([0.5, 0.1]) * np.abs(gradient).max()
    ones = np.ones(N_FEATURES)
    *_, last = ActiveSet(working).move_along(
        w, gradient, levels, ones, 0.0 * ones, False
    )
    assert_allclose(last[0], _moved(X, y, [0.5, 0.1])[0], atol=1e-10)
