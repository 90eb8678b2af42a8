"""Losses, steps and the constraint of network training against their other forms."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sklreg.layers import TRAIN, RandomSource
from sklreg.losses import LOSSES
from sklreg.penalties import MaxNorm
from sklreg.solvers import _network_kernels as kernels
from sklreg.solvers.network import Architecture, Network, batch_loss, initial_parameters
from sklreg.solvers.network_optimizers import NetworkAdam, NetworkSGD
from sklreg.solvers.network_training import Regularization, Training, lbfgs
from sklreg.solvers.optimizers import SGD, Adam


def make_network(sizes=(6, 8, 8, 3), dtype=np.float64, **options):
    network = Network(Architecture(sizes=sizes, **options), dtype)
    random_state = np.random.RandomState(0)
    network.load(*initial_parameters(sizes, "relu", dtype, random_state))
    return network


def make_training(
    network, n=60, *, optimizer=None, weight=None, sparse=False, batch_size=16, **extras
):
    rng = np.random.default_rng(0)
    sizes = network.architecture.sizes
    X = rng.normal(size=(n, sizes[0])).astype(network.theta.dtype)
    Y = rng.dirichlet(np.ones(sizes[-1]), n).astype(network.theta.dtype)
    return Training(
        network,
        sp.csr_matrix(X) if sparse else X,
        Y,
        weight,
        loss="multinomial",
        optimizer=optimizer or NetworkAdam(0.01, 0.9, 0.999, 1e-8),
        regularization=Regularization(**extras),
        batch_size=batch_size,
        order=np.random.RandomState(0),
        source=RandomSource(np.random.default_rng(1)),
    )


def steps(training):
    """Take the steps of an epoch one by one."""
    for start, stop in training.batches.bounds:
        yield training._step(start, stop)


@pytest.mark.parametrize(
    "loss", ["multinomial", "log_loss", "squared_error", "poisson"]
)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_losses_of_a_batch_are_those_of_the_table(loss, weighted, dtype):
    rng = np.random.default_rng(0)
    raw = rng.normal(scale=3.0, size=(20, 3)).astype(dtype)
    Y = rng.dirichlet(np.ones(3), 20).astype(dtype)
    weight = rng.uniform(0, 2, 20) if weighted else np.empty(0)
    total = weight.sum() if weighted else 20.0
    own = weight if weighted else np.ones(20)
    values = LOSSES[loss].value(Y, raw.astype(np.float64))
    values = values if loss == "multinomial" else values.sum(axis=1)
    slope = LOSSES[loss].gradient(Y, raw.astype(np.float64)) * own[:, None] / total
    tolerance = 1e-12 if dtype == np.float64 else 2e-6
    found = batch_loss(loss, raw, Y, weight, total)
    assert found == pytest.approx(own @ values / total, rel=tolerance)
    assert_allclose(raw, slope, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["plain", "momentum", "nesterov", "adam"])
def test_steps_are_those_of_the_optimizers(name, dtype):
    rng = np.random.default_rng(0)
    theta = rng.normal(size=9000).astype(dtype)
    expected = theta.astype(np.float64)
    share = 0.0 if name == "plain" else 0.9
    if name == "adam":
        ours, theirs = NetworkAdam(0.1, 0.9, 0.999, 1e-30), Adam(epsilon=1e-30)
    else:
        ours = NetworkSGD(0.1, "constant", share, name == "nesterov", 0.5)
        theirs = SGD(share, name == "nesterov")
    for _ in range(5):
        slope = rng.normal(size=9000).astype(dtype)
        before = expected.copy()
        (move,) = theirs.moves(
            [slope + 0.5 * np.where(np.arange(9000) < 8000, expected, 0)], 0.1
        )
        expected += move
        squares, sizes = ours.step(theta, slope, 8000, 0.5, 0.0, False)
        tolerance = 1e-10 if dtype == np.float64 else 1e-4
        assert squares == pytest.approx(np.sum(before[:8000] ** 2), rel=tolerance)
        if name != "adam":
            assert sizes == pytest.approx(np.abs(before[:8000]).sum(), rel=tolerance)
        assert_allclose(theta, expected, rtol=tolerance, atol=tolerance)


def test_the_norm_constraint_is_the_penalty_rooms():
    W = np.random.default_rng(0).normal(size=(30, 12)) * np.linspace(0.01, 3, 12)
    expected = MaxNorm(2.0).prox(W)
    wide = np.random.default_rng(1).normal(size=(2, 5)) / 100
    theta = np.concatenate([wide.ravel(), W.ravel()])
    shapes = np.array([wide.shape, W.shape])
    largest = kernels.project(theta, shapes, 2.0, 1.0, np.empty(12))
    assert_array_equal(theta[:10], wide.ravel())
    assert_allclose(theta[10:].reshape(W.shape), expected)
    assert largest == pytest.approx(np.linalg.norm(expected, axis=0).max())
    assert largest == pytest.approx(2.0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("radius", [0.5, 1.0])
def test_every_incoming_norm_is_at_most_the_radius_after_every_step(radius, dtype):
    network = make_network(dtype=dtype)
    training = make_training(network, max_norm=radius)
    rates = 0
    for _ in range(3):
        for _ in steps(training):
            for coef in network.coefs:
                norms = np.linalg.norm(coef.astype(np.float64), axis=0)
                assert norms.max() <= radius
                rates += np.sum(norms > 0.999 * radius)
    assert rates > 0  # it was felt
    assert training.largest_norm <= radius


@pytest.mark.parametrize("kind", ["gaussian", "uniform", "laplace"])
def test_weight_noise_is_taken_away_before_the_step(kind):
    network = make_network()
    still = NetworkSGD(0.0, "constant", 0.0, False, 0.5)
    training = make_training(network, optimizer=still, weight_noise=(kind, 0.5))
    before = network.theta.copy()
    quiet = make_training(make_network(), optimizer=still)
    assert [*steps(training)] != [*steps(quiet)]  # the slopes were noisy
    assert_array_equal(network.theta, before)


def test_gradient_noise_reaches_the_step_but_no_bias():
    network = make_network()
    rate = NetworkSGD(1.0, "constant", 0.0, False, 0.5)
    training = make_training(network, optimizer=rate, gradient_noise=("gaussian", 10.0))
    before = network.theta.copy()
    next(steps(training))
    moved = network.theta - before
    assert np.std(moved[: network.n_weights]) == pytest.approx(10.0, rel=0.15)
    assert np.abs(moved[network.n_weights :]).max() < 1.0


@pytest.mark.parametrize("how", ["mixup_alpha", "cutmix_alpha"])
def test_mixed_batches_keep_mass_and_weights(how):
    network = make_network((9, 4, 3))
    weight = np.linspace(0.1, 2.0, 60)
    training = make_training(
        network, weight=weight, batch_size=60, image_shape=(3, 3), **{how: 1.0}
    )
    X, Y, w = training.batches.take(0, 60)
    mixed, targets, weights = training._augment(X, Y, w)
    assert mixed.shape == X.shape and not np.allclose(mixed, X)
    assert_allclose(targets.sum(axis=1), 1.0)
    assert weights.min() > 0
    # the expectation of each row's weight is what it weighed, shared with a partner
    assert weights.sum() == pytest.approx(w.sum(), rel=0.2)
    if how == "mixup_alpha":  # rows lie between their sources
        assert mixed.min() >= X.min() and mixed.max() <= X.max()
    else:
        assert np.isin(mixed, X).all()


def test_a_single_last_row_joins_the_batch_before_under_batch_norm():
    training = make_training(make_network(batch_norm=True), n=33)
    assert training.batches.bounds == [(0, 16), (16, 33)]
    assert make_training(make_network(), n=33).batches.bounds[-1] == (32, 33)


@pytest.mark.parametrize("options", [{}, {"batch_norm": True, "dropout": (0.3, 0.3)}])
def test_sparse_rows_train_as_dense_ones(options):
    networks = [make_network(**options), make_network(**options)]
    losses = [
        [make_training(network, sparse=sparse).epoch() for _ in range(2)]
        for network, sparse in zip(networks, (False, True), strict=True)
    ]
    assert_allclose(*losses)
    assert_allclose(networks[0].theta, networks[1].theta, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"batch_norm": True}, {"residual": True}])
def test_slope_of_the_whole_network(options):
    network = make_network(activation="tanh", **options)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(11, 6)), rng.dirichlet(np.ones(3), 11)

    def objective():
        raw = network.forward(X, TRAIN)
        value = batch_loss("multinomial", raw, Y, np.empty(0), 11.0)
        network.backward(raw)
        return value

    objective()
    slope = network.slope.copy()
    for k in range(0, network.theta.size, 3):
        network.theta[k] += 1e-6
        above = objective()
        network.theta[k] -= 2e-6
        below = objective()
        network.theta[k] += 1e-6
        assert slope[k] == pytest.approx((above - below) / 2e-6, abs=1e-8, rel=1e-6)


def test_lbfgs_ends_where_the_slope_vanishes():
    network = make_network((4, 3), activation="identity")
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(50, 4)), rng.normal(size=(50, 3))
    losses = []
    found = lbfgs(
        network,
        X,
        Y,
        None,
        loss="squared_error",
        l2=2.0,
        options={"gtol": 1e-9, "maxiter": 500, "maxfun": 1000},
        end_iteration=lambda loss, seconds: losses.append(loss),
    )
    assert found.success and losses == sorted(losses, reverse=True)
    centred = X - X.mean(axis=0)
    ridge = np.linalg.solve(
        centred.T @ centred + 2.0 * np.eye(4), centred.T @ (Y - Y.mean(axis=0))
    )
    assert_allclose(network.coefs[0], ridge, atol=1e-6)
