"""What the transformer and the sampler of noise share: settings turned into noise."""

from functools import partial

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from sklreg._threads import in_parts
from sklreg._validation import Interval, Real, StrOptions, column_positions
from sklreg._views import read_only
from sklreg.noise import NOISES

# Noises whose scale is a probability, and those that can turn a zero into something.
_PROBABILITIES = ("salt_and_pepper", "masking")
_DENSIFYING = ("salt_and_pepper",)
# Rows put back at a time where some get no noise.
_ROWS = 1024
# Values below which a part is not worth a thread.
_LEAST = 2**18

NOISE_CONSTRAINTS = {
    "distribution": [StrOptions(set(NOISES)), callable],
    "scale": [Interval(Real, 0, None, closed="left")],
    "relative": ["boolean"],
    "p": [Interval(Real, 0, 1, closed="both")],
    "columns": ["array-like", None],
    "random_state": ["random_state"],
}


class Named:
    """Column names in the form that column selection asks for."""

    def __init__(self, names, shape):
        self.columns = names
        self.shape = shape


def check_noise(settings, X):
    """Refuse settings that do not fit the rows, before any work."""
    name = settings.distribution
    if name in _PROBABILITIES:
        if settings.scale > 1:
            raise ValueError(
                f"scale is a probability for {name} noise, got {settings.scale}."
            )
        if settings.relative:
            raise ValueError(f"relative has no meaning for {name} noise.")
    if name in _DENSIFYING and sparse.issparse(X):
        raise ValueError(f"{name} noise would make sparse rows dense.")


def noisy_columns(settings, named, X):
    """Return the positions of the columns that get noise."""
    if settings.columns is None:
        return np.arange(X.shape[1])
    try:
        if isinstance(named, Named):
            return _by_name(settings.columns, named)
        return np.asarray(column_positions(named, list(settings.columns)), np.intp)
    except (ValueError, IndexError) as error:
        raise ValueError(
            f"columns does not fit X with {X.shape[1]} features: {error}"
        ) from error


def check_counts(settings, X, columns):
    """Refuse values that poisson noise would refuse."""
    if settings.distribution != "poisson":
        return
    values = X if settings.columns is None else X[:, columns]
    values = values.data if sparse.issparse(values) else values
    if values.size and values.min() < 0:
        raise ValueError(
            "Negative values in data: poisson noise needs values of X that are not "
            f"negative, the smallest is {values.min()}."
        )


def _by_name(columns, named):
    chosen = list(columns)
    if not any(isinstance(c, str) for c in chosen):
        return np.arange(named.shape[1])[chosen]
    positions = {name: i for i, name in enumerate(named.columns)}
    missing = [c for c in chosen if c not in positions]
    if missing:
        raise ValueError(f"X has no columns named {missing}.")
    return np.array([positions[c] for c in chosen], dtype=np.intp)


def noise_scale(settings, X, columns):
    """Return the strength, one a column where it is relative."""
    if not settings.relative:
        return float(settings.scale)
    if sparse.issparse(X):
        deviations = np.sqrt(mean_variance_axis(X, axis=0)[1])[columns]
    else:
        deviations = _deviations(X)[columns]
    return settings.scale * deviations


def _deviations(X):
    """Return the standard deviation of each column, in double precision."""
    if not X.flags.c_contiguous:
        return np.std(X, axis=0, dtype=np.float64)
    from sklreg.augmentation._moments_kernels import column_moments

    rows = read_only(X)

    def of_part(first, last):
        mean, scatter = np.empty((2, rows.shape[1]))
        column_moments(first, last, rows, mean, scatter)
        return last - first, mean, scatter

    parts = in_parts(of_part, len(rows), max(1, _LEAST // rows.shape[1]))
    counts, means, scatters = (np.array(values) for values in zip(*parts, strict=True))
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is told of
        mean = np.average(means, axis=0, weights=counts)
        between = np.einsum("i,ij->j", counts, (means - mean) ** 2)
        return np.sqrt((scatters.sum(axis=0) + between) / len(rows))


def finds_nan(settings, X):
    """Return whether NaN and infinity may be left in the rows to `add_noise`."""
    return (
        isinstance(settings.distribution, str)
        and settings.scale > 0
        and not sparse.issparse(X)
    )


def add_noise(X, settings, scale, columns, rng):
    """Return a noisy copy of the rows; `rng` is a RandomState."""
    if settings.scale == 0:
        return X.copy()
    clean = np.zeros(X.shape[0], dtype=bool)
    if settings.p < 1:
        clean = rng.uniform(size=X.shape[0]) >= settings.p
    if sparse.issparse(X):
        return _noisy_sparse(X, settings, scale, columns, clean, rng)
    if isinstance(settings.distribution, str):
        noise = partial(NOISES[settings.distribution], ensure_all_finite=True)
        noisy = noise(X, _one_each(scale, columns, X.shape[1]), rng)
    else:
        noisy = _noisy_by(settings.distribution, X, scale, columns, rng)
    kept = np.flatnonzero(clean)
    for start in range(0, len(kept), _ROWS):
        rows = kept[start : start + _ROWS]
        noisy[rows] = X[rows]
    return noisy


def _one_each(scale, columns, n_features):
    """Return a strength for each column, 0 where there is to be no noise."""
    if len(columns) == n_features and np.ndim(scale) == 0:
        return scale
    strengths = np.zeros(n_features)
    strengths[columns] = scale
    return strengths


def _noisy_by(function, X, scale, columns, rng):
    part = X if len(columns) == X.shape[1] else X[:, columns]
    noisy = np.asarray(function(part, scale, rng))
    if noisy.shape != part.shape:
        raise ValueError(
            f"distribution returned shape {noisy.shape} for rows of shape {part.shape}."
        )
    if part is X:
        # a function may return what it was given
        return np.array(noisy, dtype=X.dtype, copy=np.may_share_memory(noisy, X))
    out = X.copy()
    out[:, columns] = noisy
    return out


def _noisy_sparse(X, settings, scale, columns, clean, rng):
    out = X.copy()
    out.sum_duplicates()
    major = np.repeat(np.arange(len(out.indptr) - 1), np.diff(out.indptr))
    of_row, of_column = (
        (major, out.indices) if out.format == "csr" else (out.indices, major)
    )
    position = np.full(out.shape[1], -1)
    position[columns] = np.arange(len(columns))
    chosen = (position[of_column] >= 0) & ~clean[of_row]
    strength = scale
    if np.ndim(scale):
        strength = scale[position[of_column[chosen]]]
    noise = settings.distribution
    noise = NOISES[noise] if isinstance(noise, str) else noise
    out.data[chosen] = noise(out.data[chosen], strength, rng)
    return out
