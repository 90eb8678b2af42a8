"""Noise: ``f(X, scale, rng, out=None) -> noisy copy of X``.

Every function here takes an array of any shape, a scale and a NumPy random source
(`Generator` or `RandomState`), and returns a new array of the dtype of `X`, or `out`;
`X` itself is never written to, unless it is `out`. ``scale=0`` returns a plain copy.
What `scale` means:

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

`scale` may also be an array that broadcasts against `X`, such as one standard deviation
a column. Where it is 0 the value stays as it is.

One key is drawn from the random source, and the noise of each value is a function of
the key and of the value's place in C order: large arrays are worked on in threads, and
their number changes nothing. Memory is the result, and a few kilobytes that a thread
keeps.

A new noise is one function here and one line in :data:`NOISES`; the tests are
parametrised over that table.
"""

import threading

import numpy as np

from sklreg._alias_tables import coarse_tables, fine_tables
from sklreg._threads import in_parts
from sklreg._views import read_only

__all__ = [
    "NOISES",
    "gaussian",
    "laplace",
    "masking",
    "poisson",
    "salt_and_pepper",
    "uniform",
]


def gaussian(X, scale, rng, out=None, *, ensure_all_finite=False):
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
    out : ndarray, default=None
        Where to write the result, of the shape and dtype of `X`, in C order.
    ensure_all_finite : bool, default=False
        Refuse NaN and infinity in `X`, looked for on the pass that is made anyway.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is negative or not finite, if `out` does not fit, or if `X` is to be
        finite and is not.
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import gaussian
    >>> gaussian(np.zeros(2), 0.0, np.random.default_rng(0))
    array([0., 0.])
    """
    from sklreg._noise_kernels import GAUSSIAN

    return _add(GAUSSIAN, X, scale, rng, out, ensure_all_finite)


def uniform(X, scale, rng, out=None, *, ensure_all_finite=False):
    """Add noise drawn evenly from ``[-scale, scale]``.

    Parameters
    ----------
    X : ndarray of float
        Clean values.
    scale : float or ndarray
        Half width, not negative. The standard deviation is ``scale / sqrt(3)``.
    rng : Generator or RandomState
        Source of randomness.
    out : ndarray, default=None
        Where to write the result, of the shape and dtype of `X`, in C order.
    ensure_all_finite : bool, default=False
        Refuse NaN and infinity in `X`, looked for on the pass that is made anyway.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is negative or not finite, if `out` does not fit, or if `X` is to be
        finite and is not.
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import uniform
    >>> bool(np.all(abs(uniform(np.zeros(9), 0.1, np.random.default_rng(0))) <= 0.1))
    True
    """
    from sklreg._noise_kernels import UNIFORM

    return _add(UNIFORM, X, scale, rng, out, ensure_all_finite)


def laplace(X, scale, rng, out=None, *, ensure_all_finite=False):
    """Add double-exponential noise, heavier in the tails than the normal.

    Parameters
    ----------
    X : ndarray of float
        Clean values.
    scale : float or ndarray
        Diversity b, not negative. The standard deviation is ``scale * sqrt(2)``.
    rng : Generator or RandomState
        Source of randomness.
    out : ndarray, default=None
        Where to write the result, of the shape and dtype of `X`, in C order.
    ensure_all_finite : bool, default=False
        Refuse NaN and infinity in `X`, looked for on the pass that is made anyway.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is negative or not finite, if `out` does not fit, or if `X` is to be
        finite and is not.
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import laplace
    >>> laplace(np.ones((2, 3)), 0.5, np.random.default_rng(0)).shape
    (2, 3)
    """
    from sklreg._noise_kernels import LAPLACE

    return _add(LAPLACE, X, scale, rng, out, ensure_all_finite)


def poisson(X, scale, rng, out=None, *, ensure_all_finite=False):
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
    out : ndarray, default=None
        Where to write the result, of the shape and dtype of `X`, in C order.
    ensure_all_finite : bool, default=False
        Refuse NaN and infinity in `X`, looked for on the pass that is made anyway.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `X` holds negative or non-finite values that take noise, if `scale` is
        negative or not finite, if ``X / scale`` is too large to draw counts from, or if
        `out` does not fit.
    TypeError
        If `X` does not hold floats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.noise import poisson
    >>> poisson(np.zeros(3), 1.0, np.random.default_rng(0))
    array([0., 0., 0.])
    """
    from sklreg._noise_kernels import count

    X, scale = _check(X, scale)
    strength = _along(scale, X, X.dtype)
    with np.errstate(divide="ignore", over="ignore"):
        rates = np.where(strength > 0, 8 / strength, 0).astype(X.dtype)
    rates = np.minimum(rates, np.finfo(X.dtype).max)
    tables = fine_tables(), coarse_tables()
    noisy, told = _run(count, X, rng, out, strength, rates, *tables)
    bad, totals = zip(*told, strict=True)
    if sum(bad):
        _refuse_counts(X, scale)
    _refuse_nan(X, totals, ensure_all_finite)
    return noisy


def salt_and_pepper(X, scale, rng, out=None, *, ensure_all_finite=False):
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
    out : ndarray, default=None
        Where to write the result, of the shape and dtype of `X`, in C order.
    ensure_all_finite : bool, default=False
        Refuse NaN and infinity in `X`, looked for on the pass that is made anyway.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is outside [0, 1], if `out` does not fit, or if `X` is to be finite
        and is not.
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
        return X.copy() if out is None else out
    low, high, totals = _extremes(X)
    _refuse_nan(X, totals, ensure_all_finite)
    return _replace(X, probability, rng, out, low, high)[0]


def masking(X, scale, rng, out=None, *, ensure_all_finite=False):
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
    out : ndarray, default=None
        Where to write the result, of the shape and dtype of `X`, in C order.
    ensure_all_finite : bool, default=False
        Refuse NaN and infinity in `X`, looked for on the pass that is made anyway.

    Returns
    -------
    ndarray
        Noisy copy, in the dtype of `X`.

    Raises
    ------
    ValueError
        If `scale` is outside [0, 1], if `out` does not fit, or if `X` is to be finite
        and is not.
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
    zero = np.zeros(1, X.dtype)
    noisy, totals = _replace(X, probability, rng, out, zero, zero)
    _refuse_nan(X, totals, ensure_all_finite)
    return noisy


NOISES = {
    "gaussian": gaussian,
    "uniform": uniform,
    "laplace": laplace,
    "poisson": poisson,
    "salt_and_pepper": salt_and_pepper,
    "masking": masking,
}

# Values below which a part is not worth a thread.
_LEAST = 2**18


def _check(X, scale, *, probability=False):
    X = np.asarray(X)
    if X.dtype not in (np.float32, np.float64):
        raise TypeError(
            f"X must hold floats to take noise, float32 or float64; got {X.dtype}."
        )
    scale = np.asarray(scale, dtype=np.float64)
    if probability:
        if not np.all((scale >= 0) & (scale <= 1)):
            raise ValueError(f"scale must be a probability in [0, 1], got {scale}.")
    elif not np.all((scale >= 0) & (scale < np.inf)):
        raise ValueError(f"scale must be finite and not negative, got {scale}.")
    if scale.ndim > X.ndim or any(
        side not in (1, length)
        for side, length in zip(scale.shape[::-1], X.shape[::-1], strict=False)
    ):
        raise ValueError(
            f"scale of shape {scale.shape} does not fit X of shape {X.shape}."
        )
    return X, scale


def _add(kind, X, scale, rng, out, ensure_all_finite):
    from sklreg._noise_kernels import add

    X, scale = _check(X, scale)
    noisy, totals = _run(add, X, rng, out, _along(scale, X, X.dtype), kind=kind)
    _refuse_nan(X, totals, ensure_all_finite)
    return noisy


def _replace(X, probability, rng, out, low, high):
    from sklreg._noise_kernels import replace

    middle, edge = (
        _along(np.rint(share * 2.0**31) - 2.0**30, X, np.int32)
        for share in (probability / 2, probability)
    )
    return _run(replace, X, rng, out, low, high, middle, edge)


def _run(kernel, X, rng, out, *arguments, kind=None):
    """Call a kernel on all blocks of X; return what it writes, and returns."""
    from sklreg._noise_kernels import BLOCK

    if out is None:
        out = np.empty(X.shape, X.dtype)
    elif out.shape != X.shape or out.dtype != X.dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out must be an array of shape {X.shape} and {X.dtype} in C order, got "
            f"{out.shape} and {out.dtype}."
        )
    start, step = _key(rng)
    clean = X
    if not X.flags.c_contiguous:
        # the kernels go along memory, and may write where they have read
        out[...] = X
        clean = out
    before = () if kind is None else (kind,)
    after = (*(read_only(a) for a in arguments), start, step, out.reshape(-1))
    n_blocks = -(-X.size // BLOCK)
    clean = read_only(clean.reshape(-1))

    def of_part(first, last):
        return kernel(first, last, *before, clean, *after, _room())

    return out, in_parts(of_part, n_blocks, _LEAST // BLOCK)


_kept = threading.local()


def _room():
    """Return what a kernel writes to between its loops, one array a thread."""
    from sklreg._noise_kernels import ROOM

    if not hasattr(_kept, "room"):
        _kept.room = np.empty(ROOM, np.uint64)
    return _kept.room


def _key(rng):
    """Draw where a stream of random words starts and how far it steps."""
    draw = rng.integers if isinstance(rng, np.random.Generator) else rng.randint
    start, step = draw(0, 2**64, size=2, dtype=np.uint64)
    return start, step | np.uint64(1)  # an odd step meets every number


def _along(values, X, dtype):
    """Return what repeats along X in C order: one value, a row, or one for each."""
    values = np.asarray(values, dtype=dtype)
    if values.size == 1:
        return values.reshape(1)
    if values.ndim > 1 and values.shape[0] == 1:
        values = values[0]
    if X.ndim < 2 or values.shape != X.shape[1:]:
        values = np.broadcast_to(values, X.shape if values.ndim > 1 else X.shape[-1:])
    return np.ascontiguousarray(values).reshape(-1)


def _extremes(X):
    """Return the least and the largest value of each column, or of a single one.

    What comes third is finite where X is, unless sums over parts of it overflow.
    """
    from sklreg._noise_kernels import extremes

    rows = X.reshape(-1, 1) if X.ndim == 1 else X.reshape(len(X), -1)
    if not rows.flags.c_contiguous or rows.shape[1] == 1:
        low, high = rows.min(axis=0), rows.max(axis=0)
        return low, high, (low, high)

    def of_part(first, last):
        low, high = np.empty((2, rows.shape[1]), rows.dtype)
        return low, high, extremes(first, last, read_only(rows), low, high)

    least = max(1, _LEAST // max(1, rows.shape[1]))
    lows, highs, totals = zip(*in_parts(of_part, len(rows), least), strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0), totals


def _refuse_nan(X, totals, ensure_all_finite):
    """Raise where a sum over X, if it is to be finite, tells that X is not."""
    if ensure_all_finite and not np.all(np.isfinite(totals)):
        if not np.all(np.isfinite(X)):
            raise ValueError("X holds NaN or infinity.")


def _refuse_counts(X, scale):
    """Raise for the first value of X that no count can be drawn for."""
    rate = X / np.where(scale > 0, scale, np.inf)
    place = np.unravel_index(np.argmin((rate >= 0) & (rate <= 2.0**53)), X.shape)
    where = f" in column {place[1]}" if X.ndim == 2 else ""
    if 0 < X[place] < np.inf:
        raise ValueError(
            f"poisson noise cannot be drawn for {X[place]}{where} of X: raise scale."
        )
    raise ValueError(
        "Negative values in data: poisson noise needs finite values that are not "
        f"negative, got {X[place]}{where} of X."
    )
