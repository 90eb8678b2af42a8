"""Products moved to the mean afterwards, where that costs no digits.

One product of X with itself is faster than a sum over centred blocks, which takes a
copy of each. But of columns far from zero it leaves few digits about their mean.
"""

import numpy as np

from sklreg.solvers._design_kernels import subtract_both_ways
from sklreg.solvers.narrow_products import narrow_product, transposed_product

# Rows that columns are judged by, before their squares are known.
_ROWS_FOR_SPREAD = 8
# Squares about the mean above this part of those about zero have lost no digit.
_NEAR = 0.1


def is_far(X, mean, times):
    """Return whether some column is far from zero, judged by a few rows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Data.
    mean : ndarray of shape (n_features,)
        Means of the columns.
    times : float
        A column is far whose mean is this many times its spread.
    """
    spread = _spread(X)
    # a column that is constant but for rounding has no digits to lose
    varies = spread > 1e-12 * np.abs(mean)
    return bool(np.any(varies & (np.abs(mean) > times * spread)))


def centred_gram(X, mean):
    """Return ``(X - mean)^T (X - mean)``, or None where digits might be lost.

    Products are made in the precision of X.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Data; None is returned for any but floats with a contiguous axis.
    mean : ndarray of shape (n_features,)
        What to centre with: the means of these rows, or of more rows than these.
    """
    if not _multiplies(X, mean):
        return None
    gram = np.asarray(X.T @ X, dtype=np.float64)
    if not mean.any():
        return gram
    squares = gram.diagonal().copy()
    # With m the mean and d what the rows sum to about it, of rank two:
    # X^T X - (X - m)^T (X - m) = m h^T + h m^T, h = d + n m / 2.
    ones = np.ones((X.shape[0], 1))
    h = transposed_product(X, ones)[:, 0] - 0.5 * X.shape[0] * mean
    subtract_both_ways(gram, mean, h)
    return gram if np.all(gram.diagonal() >= _NEAR * squares) else None


def centred_kernel(X, mean):
    """Return ``(X - mean) (X - mean)^T``, or None, as :func:`centred_gram`."""
    if not _multiplies(X, mean):
        return None
    kernel = np.asarray(X @ X.T, dtype=np.float64)
    if not mean.any():
        return kernel
    squares = kernel.diagonal().copy()
    h = narrow_product(X, mean[:, None])[:, 0] - 0.5 * (mean @ mean)
    subtract_both_ways(kernel, np.ones(len(kernel)), h)
    return kernel if np.all(kernel.diagonal() >= _NEAR * squares) else None


def _multiplies(X, mean):
    """Return whether X as it is may be multiplied with itself."""
    contiguous = len(X) and X.dtype.kind == "f" and X.itemsize in X.strides
    return bool(contiguous and not np.any(np.abs(mean) > _spread(X)))


def _spread(X):
    rows = np.ascontiguousarray(X[:_ROWS_FOR_SPREAD])
    return rows.max(axis=0) - rows.min(axis=0)
