"""Noise: ``f(X, scale, rng) -> noisy copy of X``.

Every function here takes an array of any shape, a scale and a NumPy random source
(`Generator` or `RandomState`), and returns a new array of the dtype of `X`; `X`
itself is never written to. ``scale=0`` returns a plain copy. What `scale` means:

================== ============================================================
gaussian           standard deviation of the noise added
uniform            half width: noise is drawn from [-scale, scale]
laplace            diversity b; the standard deviation is scale * sqrt(2)
poisson            size of one count: scale * Poisson(X / scale), mean X and
                   variance scale * X; X must not be negative
salt_and_pepper    probability that an entry becomes the smallest or the largest
                   value of its column (of the whole array if `X` is 1-D)
masking            probability that an entry becomes 0
================== ============================================================

For the additive noises and for poisson, `scale` may also be an array that broadcasts
against `X`, such as one standard deviation a column.

A new noise is one function here and one line in :data:`NOISES`; the tests are
parametrised over that table.
"""

import numpy as np

__all__ = [
    "NOISES",
    "gaussian",
    "laplace",
    "masking",
    "poisson",
    "salt_and_pepper",
    "uniform",
]


def gaussian(X, scale, rng):
    """Add normal noise of standard deviation `scale`.

    Training on inputs with a little Gaussian noise is, to first order, ridge
    (Bishop, 1995, Training with Noise is Equivalent to Tikhonov Regularization).

    Parameters
    ----------
    X : ndarray of float
        Clean values.
    scale : float or ndarray
        Standard deviation, not negative.
    rng : Generator or RandomState
        Source of randomness.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is negative or not finite.
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import gaussian
    >>> gaussian(np.zeros(2), 0.0, np.random.default_rng(0))
    array([0., 0.])
    """
    X, scale = _check(X, scale)
    return _add(X, scale, _standard_normal(rng, X))


def uniform(X, scale, rng):
    """Add noise drawn evenly from ``[-scale, scale]``.

    Parameters
    ----------
    X : ndarray of float
        Clean values.
    scale : float or ndarray
        Half width, not negative. The standard deviation is ``scale / sqrt(3)``.
    rng : Generator or RandomState
        Source of randomness.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is negative or not finite.
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import uniform
    >>> bool(np.all(abs(uniform(np.zeros(9), 0.1, np.random.default_rng(0))) <= 0.1))
    True
    """
    X, scale = _check(X, scale)
    return _add(X, scale, rng.uniform(-1.0, 1.0, X.shape))


def laplace(X, scale, rng):
    """Add double-exponential noise, heavier in the tails than the normal.

    Parameters
    ----------
    X : ndarray of float
        Clean values.
    scale : float or ndarray
        Diversity b, not negative. The standard deviation is ``scale * sqrt(2)``.
    rng : Generator or RandomState
        Source of randomness.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is negative or not finite.
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import laplace
    >>> laplace(np.ones((2, 3)), 0.5, np.random.default_rng(0)).shape
    (2, 3)
    """
    X, scale = _check(X, scale)
    return _add(X, scale, rng.laplace(0.0, 1.0, X.shape))


def poisson(X, scale, rng):
    """Replace each value by a Poisson count of the same mean (shot noise).

    The count is measured in units of `scale`: ``scale * Poisson(X / scale)`` has mean
    X and variance ``scale * X``.

    Parameters
    ----------
    X : ndarray of float
        Clean values, not negative.
    scale : float or ndarray
        Size of one count, not negative.
    rng : Generator or RandomState
        Source of randomness.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `X` holds negative or non-finite values, if `scale` is negative or not
        finite, or if ``X / scale`` is too large to draw counts from.
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import poisson
    >>> poisson(np.zeros(3), 1.0, np.random.default_rng(0))
    array([0., 0., 0.])
    """
    X, scale = _check(X, scale)
    # written so that NaN is refused too
    if not np.all((X >= 0) & (X < np.inf)):
        raise ValueError(
            "poisson noise needs finite values that are not negative in X; "
            f"the smallest is {np.min(X)}."
        )
    positive = scale > 0
    rate = np.divide(X, scale, out=np.zeros(X.shape), where=positive)
    if rate.size and rate.max() > _MAX_POISSON_RATE:
        raise ValueError(
            "poisson noise cannot be drawn where X / scale exceeds "
            f"{_MAX_POISSON_RATE:.0e}; raise scale."
        )
    return np.where(positive, scale * rng.poisson(rate), X).astype(X.dtype, copy=False)


def salt_and_pepper(X, scale, rng):
    """Set a fraction of the entries to the extremes of their column.

    Half of the chosen entries become the column's smallest value (pepper), half its
    largest (salt).

    Parameters
    ----------
    X : ndarray of float
        Clean values. The extremes are taken over axis 0.
    scale : float
        Probability that an entry is replaced, in [0, 1].
    rng : Generator or RandomState
        Source of randomness.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is outside [0, 1].
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import salt_and_pepper
    >>> X = np.array([1.0, 2.0, 3.0, 4.0])
    >>> sorted(set(salt_and_pepper(X, 1.0, np.random.default_rng(0)).tolist()))
    [1.0, 4.0]
    """
    X, probability = _check(X, scale, probability=True)
    if not X.size:
        return X.copy()
    draw = _random(rng, X.shape)
    noisy = np.where(draw < probability / 2, X.min(axis=0), X)
    salt = (draw >= probability / 2) & (draw < probability)
    return np.where(salt, X.max(axis=0), noisy)


def masking(X, scale, rng):
    """Set a fraction of the entries to zero.

    The corruption of denoising autoencoders (Vincent et al., 2008). The entries kept
    are not scaled up.

    Parameters
    ----------
    X : ndarray of float
        Clean values.
    scale : float
        Probability that an entry is set to 0, in [0, 1].
    rng : Generator or RandomState
        Source of randomness.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is outside [0, 1].
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import masking
    >>> masking(np.ones(3), 1.0, np.random.default_rng(0))
    array([0., 0., 0.])
    """
    X, probability = _check(X, scale, probability=True)
    return np.where(_random(rng, X.shape) < probability, X.dtype.type(0), X)


NOISES = {
    "gaussian": gaussian,
    "uniform": uniform,
    "laplace": laplace,
    "poisson": poisson,
    "salt_and_pepper": salt_and_pepper,
    "masking": masking,
}

# Generator.poisson refuses rates near 2**63; counts above 2**53 are not exact anyway
_MAX_POISSON_RATE = 2.0**53


def _check(X, scale, *, probability=False):
    X = np.asarray(X)
    if not np.issubdtype(X.dtype, np.floating):
        raise TypeError(f"X must hold floats to take noise, got dtype {X.dtype}.")
    scale = np.asarray(scale, dtype=np.float64)
    if probability:
        if scale.ndim or not 0 <= scale <= 1:
            raise ValueError(f"scale must be a probability in [0, 1], got {scale}.")
    elif not np.all((scale >= 0) & (scale < np.inf)):
        raise ValueError(f"scale must be finite and not negative, got {scale}.")
    return X, scale


def _add(X, scale, draw):
    noise = np.multiply(draw, scale.astype(draw.dtype), out=draw)
    if draw.dtype != X.dtype:
        return (X + noise).astype(X.dtype, copy=False)
    return np.add(X, noise, out=noise)


def _standard_normal(rng, X):
    # a Generator draws float32 directly, at half the time and memory
    if X.dtype == np.float32 and isinstance(rng, np.random.Generator):
        return rng.standard_normal(X.shape, dtype=np.float32)
    return rng.standard_normal(X.shape)


def _random(rng, shape):
    return rng.uniform(0.0, 1.0, shape)
