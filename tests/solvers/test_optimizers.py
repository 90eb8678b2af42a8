import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklreg.solvers.optimizers import OPTIMIZERS, SGD, Adam


def descend(optimizer, rate, steps):
    """Minimise ``|a - 3|^2/2 + 5 |b|^2``; return the two parameters."""
    a, b = np.zeros(2), np.ones((2, 2))
    for _ in range(steps):
        moves = optimizer.moves([a - 3.0, 10.0 * b], rate)
        a, b = a + moves[0], b + moves[1]
    return a, b


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_reaches_the_minimum(name):
    a, b = descend(OPTIMIZERS[name](), 0.05, 2000)
    assert_allclose(a, 3.0, atol=1e-3)
    assert_allclose(b, 0.0, atol=1e-3)


def test_momentum_repeats_the_last_move():
    sgd = SGD(momentum=0.9)
    (first,) = sgd.moves([np.array([1.0])], 0.1)
    (second,) = sgd.moves([np.array([0.0])], 0.1)
    assert_allclose(second, 0.9 * first)


def test_nesterov_is_gradient_at_the_point_ahead():
    # in the variable that is moved by the momentum already, Nesterov's method is
    # plain momentum with the gradient taken there
    ahead, theta, velocity = 1.0, 1.0, 0.0
    sgd = SGD(momentum=0.8, nesterov=True)
    for _ in range(5):
        ahead += sgd.moves([np.array([2.0 * ahead])], 0.1)[0][0]
        velocity = 0.8 * velocity - 0.1 * 2.0 * (theta + 0.8 * velocity)
        theta += velocity
        assert_allclose(ahead, theta + 0.8 * velocity)


def test_adam_steps_do_not_depend_on_the_scale_of_the_gradient():
    small, large = Adam(), Adam()
    for gradient in (1.0, -2.0, 0.5):
        (a,) = small.moves([np.array([1e-3 * gradient])], 0.1)
        (b,) = large.moves([np.array([1e3 * gradient])], 0.1)
        assert_allclose(a, b, rtol=1e-4)


def test_gradients_are_left_alone():
    gradient = np.ones(3)
    for optimizer in (SGD(0.5), SGD(0.5, nesterov=True), Adam()):
        optimizer.moves([gradient], 0.1)
        assert np.all(gradient == 1.0)
