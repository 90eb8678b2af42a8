"""Every prox against brute-force minimisation, over the table of penalties."""

import numpy as np
import pytest

from sklreg.penalties import (
    L1,
    L2,
    PENALTIES,
    Box,
    ElasticNet,
    MaxNorm,
    NonNegative,
    soft_threshold,
)

VARIANTS = {
    **{name: penalty() for name, penalty in PENALTIES.items()},
    "l1_by_coordinate": L1(np.array([0.0, 0.7])),
    "l2_by_coordinate": L2(np.array([3.0, 0.0])),
    "elasticnet_mostly_l2": ElasticNet(0.8, 0.1),
    "max_norm_small": MaxNorm(0.3),
    "box_one_sided": Box(np.array([0.5, -np.inf]), np.inf),
    "box_fixed": Box(np.array([0.0, 0.4]), np.array([0.0, 2.0])),
}
CONSTRAINTS = ["max_norm", "max_norm_small", "nonnegative", "box", "box_one_sided"]

every_penalty = pytest.mark.parametrize(
    "penalty", VARIANTS.values(), ids=VARIANTS.keys()
)


def brute_force_minimum(objective, centre, width, n_zooms=9, n_grid=21):
    """Smallest value of a function of two variables on grids that close in."""
    best = np.inf
    for _ in range(n_zooms):
        axes = [np.linspace(c - width, c + width, n_grid) for c in centre]
        points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
        values = np.array([objective(point) for point in points])
        if values.min() < best:
            best, centre = values.min(), points[values.argmin()]
        width *= 0.4
    return best


@every_penalty
@pytest.mark.parametrize("step", [0.3, 2.0])
def test_prox_is_the_brute_force_minimum(penalty, step):
    rng = np.random.default_rng(0)
    for w in rng.normal(scale=1.5, size=(4, 2)):
        w = w.copy()

        def objective(z, w=w):
            return 0.5 * np.sum((z - w) ** 2) + step * penalty.value(z)

        # a grid that holds whole numbers meets kinks and bounds exactly
        best = brute_force_minimum(objective, centre=np.zeros(2), width=4.0)
        reached = objective(penalty.prox(w, step))
        assert np.isfinite(reached)
        assert reached <= best + 1e-12
        assert reached == pytest.approx(best, abs=2e-2)


@every_penalty
def test_prox_with_zero_step_keeps_feasible_points(penalty):
    w = np.array([0.1, 0.05])
    feasible = penalty.prox(w, 1.0)
    np.testing.assert_array_equal(penalty.prox(feasible, 0.0), feasible)


@every_penalty
def test_prox_is_nonexpansive(penalty):
    rng = np.random.default_rng(1)
    for a, b in rng.normal(scale=3, size=(50, 2, 2)):
        moved = np.linalg.norm(penalty.prox(a, 0.7) - penalty.prox(b, 0.7))
        assert moved <= np.linalg.norm(a - b) * (1 + 1e-12)


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraint_prox_is_a_projection(name):
    constraint = VARIANTS[name]
    rng = np.random.default_rng(2)
    for w in rng.normal(scale=3, size=(50, 2)):
        projected = constraint.prox(w, 1.0)
        assert constraint.value(projected) == 0.0
        np.testing.assert_allclose(constraint.prox(projected, 5.0), projected, 1e-15)
        np.testing.assert_array_equal(constraint.prox(w, 9.0), projected)
    assert constraint.value(np.full(2, -100.0)) == np.inf or name == "box_one_sided"


@every_penalty
def test_prox_keeps_dtype_and_input(penalty):
    w = np.array([-1.5, 2.5], dtype=np.float32)
    kept = w.copy()
    w.flags.writeable = False
    out = penalty.prox(w, np.float64(0.5))
    assert out.dtype == np.float32
    np.testing.assert_array_equal(w, kept)
    assert isinstance(penalty.value(w), float)


@pytest.mark.parametrize(
    "name", [name for name in VARIANTS if hasattr(VARIANTS[name], "coordinate")]
)
def test_coordinate_arrays_give_the_prox_and_the_value(name):
    penalty = VARIANTS[name]
    l1, l2 = penalty.coordinate(2)
    assert l1.shape == l2.shape == (2,)
    assert l1.dtype == l2.dtype == np.float64
    w, step = np.array([-0.4, 1.7]), 0.6
    np.testing.assert_allclose(
        penalty.prox(w, step), soft_threshold(w, step * l1) / (1 + step * l2)
    )
    assert penalty.value(w) == pytest.approx(np.sum(l1 * np.abs(w) + 0.5 * l2 * w**2))
    l1[0] = 99.0  # the arrays belong to the caller
    assert penalty.coordinate(2)[0][0] != 99.0


def test_elastic_net_ends_are_lasso_and_ridge():
    w = np.array([-2.0, 0.1, 3.0])
    for penalty, end in [(L1(0.7), 1.0), (L2(0.7), 0.0)]:
        net = ElasticNet(0.7, end)
        assert net.value(w) == penalty.value(w)
        np.testing.assert_array_equal(net.prox(w, 1.3), penalty.prox(w, 1.3))


def test_max_norm_works_on_each_unit():
    w = np.array([[3.0, 0.3], [4.0, 0.4]])
    np.testing.assert_allclose(MaxNorm(1.0).prox(w), [[0.6, 0.3], [0.8, 0.4]])
    by_row = MaxNorm(1.0, axis=1).prox(w.T)
    np.testing.assert_allclose(by_row, [[0.6, 0.8], [0.3, 0.4]])
    assert MaxNorm(1.0).value(w) == np.inf
    assert MaxNorm(5.1).value(w) == 0.0
    # short vectors are left exactly as they are
    np.testing.assert_array_equal(MaxNorm(5.1).prox(w), w)


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_max_norm_neither_overflows_nor_vanishes(scale):
    w = np.array([3.0, 4.0]) * scale
    assert MaxNorm(5.1 * scale).value(w) == 0.0
    np.testing.assert_allclose(MaxNorm(scale).prox(w), np.array([0.6, 0.8]) * scale)
    np.testing.assert_array_equal(MaxNorm(1.0).prox(np.zeros(2)), np.zeros(2))


def test_bounds_after_a_coordinatewise_prox_are_the_prox_of_the_sum():
    penalty, bounds = ElasticNet(1.0, 0.7), NonNegative()
    for w in np.random.default_rng(3).normal(scale=2, size=(4, 2)):

        def objective(z, w=w):
            return 0.5 * np.sum((z - w) ** 2) + penalty.value(z) + bounds.value(z)

        best = brute_force_minimum(objective, centre=np.zeros(2), width=4.0)
        assert objective(bounds.prox(penalty.prox(w, 1.0), 1.0)) <= best + 1e-12
