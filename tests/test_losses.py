"""Every derivative against finite differences, over the table of losses."""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from sklreg import _losses_kernels as kernels
from sklreg.losses import LOSSES, AbsoluteError, Hinge, Multinomial, Quantile

MARGIN = {"hinge", "squared_hinge", "perceptron", "modified_huber"}
SCALAR = [name for name in LOSSES if name != "multinomial"]
VARIANTS = {
    **LOSSES,
    "quantile_high": Quantile(0.9),
    "huber_wide": dataclasses.replace(LOSSES["huber"], epsilon=1.5),
}

every_loss = pytest.mark.parametrize("name", VARIANTS)
every_scalar_loss = pytest.mark.parametrize(
    "name", [name for name in VARIANTS if name != "multinomial"]
)


def targets(name, n, rng):
    if name in MARGIN:
        return rng.choice([-1.0, 1.0], n)
    if name == "log_loss":
        return np.where(rng.random(n) < 0.7, rng.integers(0, 2, n), rng.random(n))
    if name == "multinomial":
        return rng.dirichlet(np.ones(3), n)
    if name == "poisson":
        return rng.poisson(1.0, n).astype(float)
    return rng.normal(size=n)


def sample(name, n=300, scale=2.0, seed=0):
    """Targets and raw predictions; none within a difference step of a kink."""
    rng = np.random.default_rng(seed)
    shape = (n, 3) if name == "multinomial" else n
    return targets(name, n, rng), rng.normal(scale=scale, size=shape)


@every_loss
def test_gradient_is_the_slope_of_the_value(name):
    loss, h = VARIANTS[name], 1e-6
    y, raw = sample(name)
    gradient = loss.gradient(y, raw)
    if name == "multinomial":
        for k in range(3):
            e = h * np.eye(3)[k]
            slope = (loss.value(y, raw + e) - loss.value(y, raw - e)) / (2 * h)
            np.testing.assert_allclose(gradient[:, k], slope, atol=1e-8, rtol=1e-6)
    else:
        slope = (loss.value(y, raw + h) - loss.value(y, raw - h)) / (2 * h)
        np.testing.assert_allclose(gradient, slope, atol=1e-8, rtol=1e-6)
    assert np.any(gradient != 0)


@every_loss
def test_curvature_is_the_slope_of_the_gradient(name):
    loss, h = VARIANTS[name], 1e-6
    y, raw = sample(name)
    curvature = loss.curvature(y, raw)
    assert curvature.shape == raw.shape
    if name == "multinomial":
        for k in range(3):
            e = h * np.eye(3)[k]
            slope = (loss.gradient(y, raw + e) - loss.gradient(y, raw - e)) / (2 * h)
            np.testing.assert_allclose(curvature[:, k], slope[:, k], atol=1e-8)
    else:
        slope = (loss.gradient(y, raw + h) - loss.gradient(y, raw - h)) / (2 * h)
        np.testing.assert_allclose(curvature, slope, atol=1e-8)
    assert curvature.min() >= 0
    assert curvature.max() <= loss.curvature_bound * (1 + 1e-12)


@every_loss
def test_curvature_bound_bounds_the_gradient_change(name):
    loss = VARIANTS[name]
    y, raw = sample(name, n=2000)
    other = sample(name, n=2000, seed=1)[1]
    change = np.abs(loss.gradient(y, raw) - loss.gradient(y, other))
    distance = np.abs(raw - other)
    if raw.ndim == 2:
        change, distance = (np.linalg.norm(a, axis=1) for a in (change, distance))
    if np.isfinite(loss.curvature_bound):
        assert np.all(change <= loss.curvature_bound * distance * (1 + 1e-9) + 1e-15)
    elif name == "poisson":  # grows without a bound, but does not jump
        assert loss.curvature(1.0, 50.0) > 1e20
    else:  # a jump: no bound would do
        near = np.abs(np.diff(loss.gradient(np.ones(9999), np.linspace(-2, 2, 9999))))
        assert near.max() > 0.5


@every_loss
def test_value_is_convex_and_not_negative(name):
    loss = VARIANTS[name]
    y, raw = sample(name)
    other = sample(name, seed=1)[1]
    ends = loss.value(y, raw) + loss.value(y, other)
    assert np.all(2 * loss.value(y, (raw + other) / 2) <= ends + 1e-12)
    assert np.all(loss.value(y, raw) >= 0)


@every_loss
def test_float32_is_kept(name):
    y, raw = sample(name, n=20)
    raw32 = raw.astype(np.float32)
    loss = VARIANTS[name]
    for method in (loss.value, loss.gradient, loss.curvature):
        assert method(y, raw32).dtype == np.float32
        np.testing.assert_allclose(method(y, raw32), method(y, raw), atol=2e-5)


@every_loss
def test_extreme_predictions_stay_finite(name):
    loss = VARIANTS[name]
    big = 80.0 if name == "poisson" else 1e4  # its mean is exp(raw) itself
    if name == "multinomial":
        y = np.array([0, 1, 2])
        raw = big * np.array([[1.0, 0, -1], [1, -1, 0], [0, 0, 1]])
    else:
        y = np.ones(2)
        raw = np.array([-big, big])
    for dtype in (np.float64, np.float32):
        for method in (loss.value, loss.gradient, loss.curvature):
            assert np.all(np.isfinite(method(y, raw.astype(dtype))))


def test_a_sure_and_right_prediction_keeps_its_digits():
    raw = np.array([40.0, 400.0])
    np.testing.assert_allclose(
        LOSSES["log_loss"].value(1.0, raw), np.exp(-raw), rtol=1e-12
    )
    np.testing.assert_allclose(
        LOSSES["log_loss"].gradient(1.0, raw), -np.exp(-raw), rtol=1e-12
    )


@pytest.mark.parametrize(
    "name", [name for name in LOSSES if hasattr(LOSSES[name], "link")]
)
def test_link_and_inverse_link_undo_each_other(name):
    loss = LOSSES[name]
    if name == "multinomial":
        mean = np.random.default_rng(0).dirichlet(np.ones(4), 20)
    else:
        mean = np.linspace(0.01, 0.99, 20)
    raw = loss.link(mean)
    np.testing.assert_allclose(loss.inverse_link(raw), mean, rtol=1e-12)
    if name == "multinomial":
        np.testing.assert_allclose(raw.sum(axis=1), 0, atol=1e-12)


@every_scalar_loss
@pytest.mark.parametrize("weighted", [False, True])
def test_minimizer_is_the_best_constant(name, weighted):
    loss = VARIANTS[name]
    rng = np.random.default_rng(3)
    for n in (1, 2, 7, 40):
        y = targets(name, n, rng)
        weight = rng.integers(0, 4, n) + (np.arange(n) == 0) if weighted else None

        def total(c, y=y, weight=weight):
            return np.average(loss.value(y, np.full(len(y), c)), weights=weight)

        best = minimize_scalar(total, bounds=(-40, 40), method="bounded").fun
        constant = loss.minimizer(y, weight)
        assert isinstance(constant, float)
        assert total(constant) <= best + 1e-12
        if weighted:
            repeated = loss.minimizer(np.repeat(y, weight))
            assert constant == pytest.approx(repeated, abs=1e-12)


def test_minimizer_takes_the_middle_of_equally_good_constants():
    assert AbsoluteError().minimizer([1.0, 3.0]) == pytest.approx(2.0)
    assert Hinge().minimizer([-1.0, 1.0]) == pytest.approx(0.0)
    assert AbsoluteError().minimizer([5.0, 1.0, 9.0]) == 5.0


def test_multinomial_minimizer_is_the_centred_log_share():
    y = np.array([0, 0, 2, 1])
    constant = Multinomial().minimizer(y, n_classes=3)
    np.testing.assert_allclose(Multinomial().inverse_link(constant), [0.5, 0.25, 0.25])
    weighted = Multinomial().minimizer(np.array([0, 1, 2]), [2.0, 1.0, 1.0])
    np.testing.assert_allclose(constant, weighted)
    absent = Multinomial().minimizer(np.array([0, 1]), n_classes=3)
    assert np.all(np.isfinite(absent))


def test_multinomial_takes_indices_or_rows_of_probabilities():
    loss = Multinomial()
    raw = np.random.default_rng(0).normal(size=(5, 3))
    y = np.array([0, 2, 1, 1, 0])
    for method in (loss.value, loss.gradient):
        np.testing.assert_allclose(method(y, raw), method(np.eye(3)[y], raw))


def test_two_classes_of_multinomial_are_the_logistic_loss():
    raw = np.linspace(-5, 5, 11)
    y = np.arange(11) % 2
    both = np.column_stack([np.zeros(11), raw])
    np.testing.assert_allclose(
        Multinomial().value(y, both), LOSSES["log_loss"].value(y, raw)
    )


@pytest.mark.parametrize("name", kernels.CODES)
def test_scalar_kernels_are_the_losses(name):
    loss = LOSSES[name]
    code = kernels.CODES[name]
    parameter = kernels.PARAMETERS.get(name)
    params = [0.0] if parameter is None else [getattr(loss, parameter), 0.4]
    y, raw = sample(name)
    extreme = 600.0 if name == "poisson" else 800.0
    raw = np.concatenate([raw, y[:5], [-extreme, extreme]])  # kinks and extremes too
    y = np.concatenate([y, y[:5], y[:2]])
    for param in params:
        variant = loss
        if parameter is not None:
            variant = dataclasses.replace(loss, **{parameter: param})
        for kernel, method in [
            (kernels.value, variant.value),
            (kernels.gradient, variant.gradient),
        ]:
            ours = [kernel(code, a, b, param) for a, b in zip(y, raw, strict=True)]
            np.testing.assert_allclose(ours, method(y, raw), rtol=1e-12, atol=1e-15)
