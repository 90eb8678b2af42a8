"""The log loss without calls of exp and log, next to the library's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, xlogy

from sklreg.solvers import _log_loss_kernels as kernels

EPS = np.finfo(float).eps


def values(function, x):
    return np.array([function(float(one)) for one in x])


def test_exponentials_to_the_last_digits():
    x = np.concatenate([np.linspace(0, 60, 1001), [0.34657359, 0.3465736, 700.0]])
    assert_allclose(values(kernels.exp_of_minus, x), np.exp(-x), rtol=2 * EPS)
    assert values(kernels.exp_of_minus, [1e4, np.inf]).max() < 1e-300


def test_logarithms_to_the_last_digits():
    x = np.concatenate([np.linspace(0, 1, 1001), np.logspace(-300, -1, 300)])
    assert_allclose(values(kernels.log_of_one_plus, x), np.log1p(x), rtol=3 * EPS)
    x = np.concatenate([x[1:], [0.5, np.sqrt(0.5), 1.0, 2.0, 1e300]])
    assert_allclose(values(kernels.log_of, x), np.log(x), rtol=3 * EPS)


@pytest.mark.parametrize("scale", [0.1, 3.0, 300.0])
def test_loss_its_derivatives_and_its_dual(scale):
    rng = np.random.RandomState(0)
    n = 1003
    raw, sign = scale * rng.randn(n), np.where(rng.rand(n) > 0.5, 1.0, -1.0)
    weight, step = rng.poisson(1.0, n).astype(float), rng.randn(n).astype(np.float32)
    theta, curvature = np.empty(n), np.empty(n)
    loss, drift, mass = kernels.evaluate_along(
        raw, step, 0.5, 0.25, sign, weight, theta, curvature
    )
    margin = sign * (raw + 0.5 * (step.astype(float) + 0.25))
    share = expit(-margin)
    assert_allclose(loss, weight @ np.logaddexp(0.0, -margin), rtol=1e-13)
    assert_allclose(theta, weight * sign * share, rtol=1e-12, atol=1e-300)
    assert_allclose(curvature, weight * share * expit(margin), rtol=1e-12, atol=1e-300)
    assert_allclose([drift, mass], [theta.sum(), curvature.sum()], rtol=1e-10)
    a = 0.9 * share
    wanted = -weight @ (xlogy(a, a) + xlogy(1 - a, 1 - a))
    assert_allclose(kernels.entropy(theta, 0.9, sign, weight), wanted, rtol=1e-13)
    assert kernels.entropy(-theta, 0.9, sign, weight) == -np.inf
