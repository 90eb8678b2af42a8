"""Every way back against finite differences, and what dropping and noise promise."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import erf, expit

from sklreg.layers import (
    ACTIVATIONS,
    PREDICT,
    SAMPLE,
    TRAIN,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Noise,
    RandomSource,
    RectifiedNorm,
    Residual,
    Sequential,
)
from sklreg.noise import NOISES, gaussian


def source(seed=0):
    return RandomSource(np.random.default_rng(seed))


def batch(n=7, m=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, m))


def block(rng, n_in, n_out, *, norm=False, dropout=0.0, function="tanh"):
    layers = [Dense(rng.normal(size=(n_in, n_out)))]
    if norm:
        layers.append(BatchNorm(rng.uniform(0.5, 2.0, n_out)))
    layers.append(Activation(function, rng.normal(size=n_out), dropout=dropout))
    return layers


def networks():
    rng = np.random.default_rng(1)
    for function in ACTIVATIONS:
        yield function, block(rng, 5, 4, function=function)
        yield f"{function}, dropout", block(rng, 5, 4, function=function, dropout=0.4)
        yield f"{function}, norm", block(rng, 5, 4, function=function, norm=True)
    for dropout in (0.0, 0.4):
        unit = RectifiedNorm(
            rng.uniform(0.5, 2.0, 4), rng.normal(size=4), dropout=dropout
        )
        layers = [Dense(rng.normal(size=(5, 4))), unit, *block(rng, 4, 3)]
        yield f"rectified norm, dropout {dropout}", layers
    yield "input dropout", [Dropout(0.3), *block(rng, 5, 4)]
    yield "structured", [*block(rng, 5, 4), Dropout(0.5, True), *block(rng, 4, 2)]
    yield "noise", [*block(rng, 5, 4), Noise(gaussian, 0.3), *block(rng, 4, 3)]
    yield (
        "residual",
        [
            *block(rng, 5, 4),
            Residual(Sequential(block(rng, 4, 4, norm=True, dropout=0.2)), 0.3),
            Residual(Sequential(block(rng, 4, 4)), 0.9),
            *block(rng, 4, 2),
        ],
    )


def parameters(layers):
    for layer in layers:
        inner = layer.block.layers if isinstance(layer, Residual) else [layer]
        for part in filter(lambda part: part.gradients, inner):
            names = [
                name for name in ("weights", "scale", "bias") if hasattr(part, name)
            ]
            yield from zip(
                (getattr(part, name) for name in names), part.gradients, strict=True
            )


@pytest.mark.parametrize(
    ("layers", "container"),
    # the slope in a sparse input is not asked for
    [
        pytest.param(layers, container, id=f"{name}-{container.__name__}")
        for name, layers in networks()
        for container in (np.asarray, sp.csr_matrix)
        if container is np.asarray or isinstance(layers[0], Dense)
    ],
)
def test_every_slope_is_that_of_finite_differences(layers, container):
    net = Sequential(layers)
    X = batch()
    if container is sp.csr_matrix:
        X[np.abs(X) < 0.5] = 0.0

    def objective(rows=X, seed=3):
        # quadratic, so that the slope in the output depends on the output
        out = net.forward(container(rows), TRAIN, source(seed))
        return 0.5 * float(np.sum(pull * (out - 1.0) ** 2)), out

    pull = 1.0
    shape = objective()[1].shape
    pull = np.random.default_rng(2).uniform(0.5, 2.0, shape)
    out = objective()[1]
    back = net.backward(pull * (out - 1.0), first=container is not np.asarray)
    back = None if back is None else back.copy()
    pairs = [(value, slope.copy()) for value, slope in parameters(layers)]
    assert len(pairs) >= 2

    def difference(array, place, h=1e-6):
        kept = array[place]
        array[place] = kept + h
        above = objective()[0]
        array[place] = kept - h
        below = objective()[0]
        array[place] = kept
        return (above - below) / (2 * h)

    for value, slope in pairs:
        numeric = [difference(value, place) for place in np.ndindex(value.shape)]
        assert_allclose(slope.ravel(), numeric, rtol=2e-6, atol=2e-7)
    if back is not None:
        numeric = [difference(X, place) for place in np.ndindex(X.shape)]
        assert_allclose(back.ravel(), numeric, rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize(
    "function, formula",
    [
        ("identity", lambda z: z),
        ("relu", lambda z: np.maximum(z, 0)),
        ("logistic", expit),
        ("tanh", np.tanh),
        ("elu", lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)),
        ("gelu", lambda z: z * 0.5 * (1 + erf(z / np.sqrt(2)))),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions(function, formula, dtype):
    z = np.linspace(-200, 200, 51)[:, None].astype(dtype)
    z[20:30, 0] = np.linspace(-2, 2, 10)
    bias = np.array([0.25], dtype=dtype)
    out = Activation(function, bias).forward(z.copy())
    assert out.dtype == dtype
    tolerance = 1e-14 if dtype == np.float64 else 1e-6
    assert_allclose(
        out, formula(z.astype(np.float64) + 0.25), rtol=0, atol=200 * tolerance
    )


@pytest.mark.parametrize("structured", [False, True])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_expected_output_under_dropout_is_the_deterministic_one(rate, structured):
    X = np.abs(batch(40, 8)) + 0.5
    draws = source()
    n_draws = 4000
    total = np.zeros_like(X)
    layer = Dropout(rate, structured)
    for _ in range(n_draws):
        total += layer.forward(X, TRAIN, draws)
    # z-scores of the means; a scaled-up kept unit has variance rate / (1 - rate)
    spread = X * np.sqrt(rate / (1 - rate) / n_draws)
    z = (total / n_draws - X) / spread
    assert np.abs(z).max() < 5
    assert np.abs(z.mean()) < 5 / np.sqrt(8 if structured else z.size)
    assert_array_equal(layer.forward(X, PREDICT), X)


def test_expected_activation_under_dropout_is_the_deterministic_one():
    Z = batch(50, 6)
    plain = Activation("relu", np.zeros(6)).forward(Z.copy())
    layer = Activation("relu", np.zeros(6), dropout=0.3)
    draws = source()
    mean = np.mean([layer.forward(Z.copy(), TRAIN, draws) for _ in range(4000)], axis=0)
    spread = plain * np.sqrt(0.3 / 0.7 / 4000)
    assert np.all(np.abs(mean - plain) <= 5 * spread)
    dropped = np.mean(
        [
            (layer.forward(Z.copy(), TRAIN, draws) == 0)[plain > 0].mean()
            for _ in range(500)
        ]
    )
    assert dropped == pytest.approx(0.3, abs=0.01)
    assert_array_equal(layer.forward(Z.copy(), PREDICT), plain)


@pytest.mark.parametrize("shape", [(64, 64), (61, 67)])
def test_what_is_dropped_is_independent_from_draw_to_draw(shape):
    draws, layers = (
        source(),
        [Dropout(0.5), Activation("relu", np.zeros(shape[1]), dropout=0.5)],
    )
    signs = np.array(
        [
            np.sign(layer.forward(np.ones(shape), TRAIN, draws) - 0.5).ravel()
            for _ in range(40)
            for layer in layers
        ]
    )
    n = signs.shape[1]
    correlation = signs @ signs.T / n
    assert np.abs(correlation - np.eye(80)).max() < 5 / np.sqrt(n)
    assert np.abs(signs.mean(axis=0)).max() < 5.5 / np.sqrt(80)
    for lag in (1, 2, 4, shape[1]):  # nor do neighbours depend on each other
        between = (signs[:, lag:] * signs[:, :-lag]).mean()
        assert abs(between) < 5 / np.sqrt(signs.size)


def test_structured_dropout_drops_whole_units():
    X = batch(9, 400)
    out = Dropout(0.5, True).forward(X, TRAIN, source())
    gone = out == 0
    assert_array_equal(gone.all(axis=0), gone.any(axis=0))
    assert 120 < gone[0].sum() < 280
    assert_array_equal(out[:, ~gone[0]], 2 * X[:, ~gone[0]])


def test_sparse_dropout_drops_values_and_leaves_the_input():
    X = sp.random(50, 40, 0.3, format="csr", random_state=0)
    before = X.copy()
    out = Dropout(0.4).forward(X, TRAIN, source())
    kept = out.data != 0
    assert 0.5 < kept.mean() < 0.7
    assert_allclose(out.data[kept], X.data[kept] / 0.6, rtol=1e-4)
    assert (X != before).nnz == 0


def test_a_dropped_block_is_the_identity():
    rng = np.random.default_rng(0)
    layer = Residual(Sequential(block(rng, 4, 4)), 0.5)
    draws = source()
    X = batch(6, 4)
    seen = set()
    inside = layer.block.forward(X).copy()
    for _ in range(40):
        out = layer.forward(X, TRAIN, draws).copy()
        seen.add(layer.dropped)
        if layer.dropped:
            assert_array_equal(out, X)
            for _, slope in parameters([layer]):
                slope[:] = 1.0
            delta = batch(6, 4, seed=5)
            assert_array_equal(layer.backward(delta.copy()), delta)
            assert all(np.all(slope == 0) for _, slope in parameters([layer]))
        else:
            assert_allclose(out, X + 2 * inside)
    assert seen == {False, True}
    assert_allclose(layer.forward(X, PREDICT), X + inside)
    mean = np.mean([layer.forward(X, TRAIN, draws) for _ in range(4000)], axis=0)
    assert_allclose(mean, X + inside, atol=5 / np.sqrt(4000))


def test_running_statistics_converge_to_those_of_the_data():
    rng = np.random.default_rng(0)
    layer = BatchNorm(np.ones(3))
    for _ in range(400):
        layer.forward(rng.normal([1.0, -2.0, 0.0], [1.0, 3.0, 0.1], (200, 3)), TRAIN)
    assert_allclose(layer.mean, [1.0, -2.0, 0.0], atol=0.25)
    assert_allclose(layer.variance, [1.0, 9.0, 0.01], rtol=0.1)
    Z = rng.normal(size=(5, 3))
    expected = (Z - layer.mean) / np.sqrt(layer.variance + 1e-5)
    before = layer.statistics.copy()
    assert_allclose(layer.forward(Z.copy(), PREDICT), expected)
    assert_array_equal(layer.statistics, before)


def test_first_batches_are_averaged_plainly():
    layer = BatchNorm(np.ones(2))
    batches = [batch(6, 2, seed) + seed for seed in range(4)]
    for Z in batches:
        layer.forward(Z.copy(), TRAIN)
    assert_allclose(layer.mean, np.mean([Z.mean(axis=0) for Z in batches], axis=0))
    assert_allclose(
        layer.variance, np.mean([Z.var(axis=0, ddof=1) for Z in batches], axis=0)
    )


def test_batch_norm_standardises_the_batch():
    out = BatchNorm(np.array([2.0, 3.0])).forward(5 + 4 * batch(30, 2), TRAIN)
    assert_allclose(out.mean(axis=0), 0, atol=1e-12)
    assert_allclose(out.std(axis=0), [2.0, 3.0], rtol=1e-5)


@pytest.mark.parametrize("mode", [TRAIN, SAMPLE, PREDICT])
@pytest.mark.parametrize("n", [2, 9, 32])
def test_the_rectified_norm_is_batch_norm_and_rectifier(mode, n):
    rng = np.random.default_rng(0)
    scale, bias = rng.uniform(0.5, 2.0, 6), rng.normal(size=6)
    apart = Sequential([BatchNorm(scale), Activation("relu", bias, dropout=0.3)])
    together = RectifiedNorm(scale, bias, dropout=0.3)
    draws = [source(), source()]
    for seed in range(3):  # after the first batch the running averages are of some use
        Z, delta = 3 * batch(n, 6, seed) + 5, batch(n, 6, seed + 9)
        pairs = zip((apart, together), draws, strict=True)
        outs = [net.forward(Z.copy(), mode if seed else TRAIN, s) for net, s in pairs]
        assert_allclose(*outs, atol=1e-12)
    norm, activation = apart.layers
    assert_allclose(norm.statistics, together.statistics)
    if mode == TRAIN:
        backs = [net.backward(delta.copy()) for net in (apart, together)]
        assert_allclose(*backs, atol=1e-12)
        assert_allclose(norm.gradient, together.gradient)
        assert_allclose(activation.gradient, together.bias_gradient)


def test_batch_norm_in_single_precision_far_from_zero():
    Z = (1000 + batch(37, 4)).astype(np.float32)
    layer = BatchNorm(np.ones(4, dtype=np.float32))
    out = layer.forward(Z.copy(), TRAIN)
    exact = Z.astype(np.float64)
    assert_allclose(layer.mean, exact.mean(axis=0), rtol=1e-6)
    assert_allclose(layer.variance, exact.var(axis=0, ddof=1), rtol=1e-5)
    expected = (exact - exact.mean(axis=0)) / np.sqrt(exact.var(axis=0) + 1e-5)
    assert_allclose(out, expected, atol=1e-4)


@pytest.mark.parametrize("kind", ["gaussian", "uniform", "laplace"])
def test_noise_is_of_training_only(kind):
    X = batch(200, 50)
    layer = Noise(NOISES[kind], 0.1)
    noisy = layer.forward(X, TRAIN, source())
    assert 0.01 < np.std(noisy - X) < 0.2
    assert abs(np.mean(noisy - X)) < 0.01
    for mode in (PREDICT, SAMPLE):
        assert_array_equal(layer.forward(X, mode, source()), X)


def test_nothing_is_allocated_after_the_first_batch():
    net = Sequential(block(np.random.default_rng(0), 5, 4, norm=True, dropout=0.5))
    draws = source()
    addresses = set()
    for n in (8, 8, 3, 8):
        out = net.forward(batch(n), TRAIN, draws)
        back = net.backward(np.ones_like(out))
        addresses.add((out.ctypes.data, back.ctypes.data))
        assert out.shape == (n, 4) and back.shape == (n, 5)
    assert len(addresses) == 1


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(ValueError, match=r"\[0, 1\)"):
        Dropout(rate)
