"""Moments, seeds and dtypes of every noise in the table."""

import numpy as np
import pytest
from scipy import stats

from sklreg.noise import NOISES

ADDITIVE_SD = {"gaussian": 1.0, "uniform": 1 / np.sqrt(3), "laplace": np.sqrt(2)}
REPLACING = ["salt_and_pepper", "masking"]

every_noise = pytest.mark.parametrize("name", NOISES)


def clean(n=50, p=4, dtype=np.float64):
    return np.random.default_rng(0).uniform(0.5, 3.0, (n, p)).astype(dtype)


@every_noise
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7,), (5, 3), (4, 3, 2), (0, 3)])
def test_dtype_and_shape_are_kept_and_the_input_untouched(name, dtype, shape):
    X = np.random.default_rng(0).uniform(0.5, 3.0, shape).astype(dtype)
    kept = X.copy()
    X.flags.writeable = False
    noisy = NOISES[name](X, 0.5, np.random.default_rng(1))
    assert noisy.dtype == dtype
    assert noisy.shape == shape
    assert noisy.flags.writeable
    np.testing.assert_array_equal(X, kept)


@every_noise
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zero_scale_is_a_copy(name, dtype):
    X = clean(dtype=dtype)
    noisy = NOISES[name](X, 0, np.random.default_rng(1))
    np.testing.assert_array_equal(noisy, X)
    assert not np.shares_memory(noisy, X)


@every_noise
@pytest.mark.parametrize("order", ["C", "F"])
def test_noise_is_written_to_the_array_that_is_handed_in(name, order):
    X, noise = np.asarray(clean(), order=order), NOISES[name]
    expected = noise(X, 0.3, np.random.default_rng(5))
    out = np.empty(X.shape)
    assert noise(X, 0.3, np.random.default_rng(5), out) is out
    np.testing.assert_array_equal(out, expected)
    itself = np.array(X, order="C")
    noise(itself, 0.3, np.random.default_rng(5), itself)
    np.testing.assert_array_equal(itself, expected)
    for wrong in (out[:-1], out.astype(np.float32), np.asfortranarray(out)):
        before = wrong.copy()
        with pytest.raises(ValueError, match="out must be"):
            noise(X, 0.3, np.random.default_rng(5), wrong)
        np.testing.assert_array_equal(wrong, before)


@every_noise
@pytest.mark.parametrize("make_rng", [np.random.default_rng, np.random.RandomState])
def test_same_seed_same_noise(name, make_rng):
    X, noise = clean(), NOISES[name]
    first = noise(X, 0.3, make_rng(5))
    np.testing.assert_array_equal(first, noise(X, 0.3, make_rng(5)))
    assert np.any(first != noise(X, 0.3, make_rng(6)))
    rng = make_rng(5)
    noise(X, 0.3, rng)
    assert np.any(first != noise(X, 0.3, rng))


@pytest.mark.parametrize("name", ADDITIVE_SD)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_additive_noise_has_mean_zero_and_its_stated_deviation(name, dtype):
    n, scale = 200_000, 0.5
    X = np.full(n, 3.0, dtype=dtype)
    added = (NOISES[name](X, scale, np.random.default_rng(0)) - X).astype(np.float64)
    sd = scale * ADDITIVE_SD[name]
    assert abs(added.mean()) < 5 * sd / np.sqrt(n)
    assert added.std() == pytest.approx(sd, rel=0.02)
    if name == "uniform":
        assert np.abs(added).max() <= scale * (1 + 1e-6)
    else:  # kurtosis tells the normal from the double exponential
        kurtosis = np.mean(added**4) / np.mean(added**2) ** 2
        assert kurtosis == pytest.approx({"gaussian": 3, "laplace": 6}[name], rel=0.1)


@pytest.mark.parametrize("name", [*ADDITIVE_SD, "poisson"])
def test_scale_may_differ_by_column(name):
    X = np.full((20_000, 3), 4.0)
    noisy = NOISES[name](X, np.array([0.0, 0.1, 1.0]), np.random.default_rng(0))
    np.testing.assert_array_equal(noisy[:, 0], X[:, 0])
    sd = noisy.std(axis=0)
    ratio = np.sqrt(10) if name == "poisson" else 10
    assert sd[2] / sd[1] == pytest.approx(ratio, rel=0.05)


def test_poisson_keeps_the_mean_with_variance_scale_times_mean():
    X, scale = np.full(200_000, 3.0), 0.25
    noisy = NOISES["poisson"](X, scale, np.random.default_rng(0))
    assert noisy.mean() == pytest.approx(3.0, rel=0.01)
    assert noisy.var() == pytest.approx(scale * 3.0, rel=0.02)
    np.testing.assert_allclose(noisy / scale, np.round(noisy / scale))


@pytest.mark.parametrize("name", REPLACING)
def test_replacing_noise_replaces_its_share(name):
    X = np.random.default_rng(0).uniform(1, 2, (100_000, 2))
    noisy = NOISES[name](X, 0.2, np.random.default_rng(1))
    changed = noisy != X
    assert changed.mean() == pytest.approx(0.2, abs=0.005)
    if name == "masking":
        assert np.all(noisy[changed] == 0)
    else:
        low, high = (noisy == X.min(axis=0)), (noisy == X.max(axis=0))
        assert np.all((low | high)[changed])
        assert low.mean() == pytest.approx(0.1, abs=0.005)
        assert high.mean() == pytest.approx(0.1, abs=0.005)
    everything = NOISES[name](X, 1.0, np.random.default_rng(1))
    assert not np.any((everything > X.min(axis=0)) & (everything < X.max(axis=0)))


@every_noise
@pytest.mark.parametrize("scale", [-0.1, np.nan, np.inf])
def test_bad_scale_is_named(name, scale):
    with pytest.raises(ValueError, match="scale must be"):
        NOISES[name](clean(), scale, np.random.default_rng(0))


@pytest.mark.parametrize("name", REPLACING)
def test_probabilities_above_one_are_refused(name):
    with pytest.raises(ValueError, match=r"probability in \[0, 1\], got 1.5"):
        NOISES[name](clean(), 1.5, np.random.default_rng(0))


@every_noise
def test_integers_are_refused(name):
    with pytest.raises(TypeError, match="floats"):
        NOISES[name](np.arange(4), 0.1, np.random.default_rng(0))


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_poisson_refuses_what_has_no_counts(bad):
    with pytest.raises(ValueError, match="not negative"):
        NOISES["poisson"](np.array([1.0, bad]), 1.0, np.random.default_rng(0))


def test_poisson_refuses_too_large_counts():
    with pytest.raises(ValueError, match="raise scale"):
        NOISES["poisson"](np.array([1e300]), 1.0, np.random.default_rng(0))


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.3, 4.56, 9.99, 10.5, 300.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_counts_follow_the_poisson_distribution(mean, dtype):
    n = 300_000
    counts = NOISES["poisson"](np.full(n, mean, dtype), 1.0, np.random.default_rng(3))
    values = np.arange(stats.poisson.ppf(1 - 1e-9, mean) + 2)
    expected = n * stats.poisson.pmf(values, mean)
    found = np.bincount(counts.astype(int), minlength=len(values))
    assert len(found) == len(values), "no count is beyond all reason"
    usual = expected > 20
    chi = np.sum((found - expected)[usual] ** 2 / expected[usual])
    assert chi < stats.chi2.ppf(1 - 1e-6, max(1, usual.sum()))
    assert found[~usual].sum() < expected[~usual].sum() + 40


def test_normal_draws_are_normal_into_the_tails_and_independent():
    X = np.zeros(1_000_000)
    z = NOISES["gaussian"](X, 1.0, np.random.default_rng(1))
    assert stats.kstest(z, "norm").pvalue > 1e-4
    for edge in (3.0, 4.0):
        n_beyond = np.sum(np.abs(z) > edge)
        expected = 2e6 * stats.norm.sf(edge)
        assert abs(n_beyond - expected) < 5 * np.sqrt(expected)
    for lag in (1, 512, 1024):  # neighbours, the other of a pair, the next block
        assert abs(np.mean(z[:-lag] * z[lag:])) < 5e-3
        assert abs(np.mean(z[:-lag] ** 2 * z[lag:] ** 2) - 1) < 2e-2


@every_noise
def test_noise_is_told_by_the_place_in_c_order(name):
    X = clean(600, 7)
    noisy = NOISES[name](X, 0.3, np.random.default_rng(2))
    for same in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]):
        again = NOISES[name](same, 0.3, np.random.default_rng(2))
        np.testing.assert_array_equal(again, noisy)


def test_scales_that_do_not_fit_are_refused_and_what_has_none_is_left():
    with pytest.raises(ValueError, match=r"scale of shape \(3,\) does not fit"):
        NOISES["gaussian"](clean(5, 4), np.ones(3), np.random.default_rng(0))
    X = clean(500, 3)
    X[:, 1] = -1.0
    for noise in NOISES.values():
        noisy = noise(X, np.array([0.5, 0.0, 0.5]), np.random.default_rng(0))
        np.testing.assert_array_equal(noisy[:, 1], -1.0)
        assert np.any(noisy[:, [0, 2]] != X[:, [0, 2]])
