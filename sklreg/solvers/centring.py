"""Gram matrices moved to the mean afterwards, where that costs no digits.

One product of X with itself is faster than a sum over centred blocks, which takes a
copy of each. But of columns far from zero it leaves few digits about their mean.
"""

import numpy as np

from sklreg.solvers._design_kernels import subtract_both_ways

# Rows that columns are judged by, before their squares are known.
_ROWS_FOR_SPREAD = 8
# Squares about the mean above this part of those about zero have lost no digit.
_NEAR = 0.1


def centred_gram(X, mean):
    """Return ``(X - mean)^T (X - mean)``, or None where digits might be lost.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Data; None is returned for any but float64 with a contiguous axis.
    mean : ndarray of shape (n_features,)
        What to centre with: the means of these rows, or of more rows than these.
    """
    n_samples = X.shape[0]
    if X.dtype != np.float64 or not n_samples or X.itemsize not in X.strides:
        return None
    rows = np.ascontiguousarray(X[:_ROWS_FOR_SPREAD])
    spread = rows.max(axis=0) - rows.min(axis=0)
    if np.any(np.abs(mean) > spread):
        return None
    gram = X.T @ X
    if not mean.any():
        return gram
    squares = gram.diagonal().copy()
    # With m the mean and d what the rows sum to about it, of rank two:
    # X^T X - (X - m)^T (X - m) = m h^T + h m^T, h = d + n m / 2.
    h = np.ones(n_samples) @ X - 0.5 * n_samples * mean
    subtract_both_ways(gram, mean, h)
    return gram if np.all(gram.diagonal() >= _NEAR * squares) else None
