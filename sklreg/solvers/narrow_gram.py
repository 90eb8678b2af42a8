"""The Gram matrix of few columns and many rows, centred and weighted on the way.

BLAS gets little out of a product of so few columns. Here a tile of rows is centred,
weighted, turned to float64 and laid out by columns while it is in the cache, so that
no column is too far from zero, and no layout or precision needs a copy of X.
"""

import numpy as np

from sklreg._threads import in_parts
from sklreg._views import read_only
from sklreg.solvers._narrow_gram_kernels import tiled_gram

# More columns than this are left to BLAS; so are few values.
_MOST_COLUMNS, _LEAST_VALUES = 256, 1 << 17
# Multiplications that are worth a thread.
_WORK_A_THREAD = 1 << 22


def narrow_gram(X, mean, root=None):
    """Return ``A^T A`` with ``A = root (X - mean)``, or None if that is for BLAS.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Data; None is returned for any but float32 or float64 in C or Fortran order,
        and where there are many columns or few values.
    mean : ndarray of shape (n_features,)
        What to centre with.
    root : ndarray of shape (n_samples,) or None
        What to multiply the rows with; None is 1.
    """
    n_samples, n_features = X.shape
    tall = 4 * n_features <= n_samples and X.size >= _LEAST_VALUES
    laid_out = X.flags.forc and X.dtype in (np.float32, np.float64)
    if not (tall and laid_out and 0 < n_features <= _MOST_COLUMNS):
        return None
    by_columns = X.flags.f_contiguous
    root = np.ones(1) if root is None else root
    parts = in_parts(
        tiled_gram,
        n_samples,
        1 + _WORK_A_THREAD // n_features**2,
        read_only(X.T if by_columns else X),
        by_columns,
        np.asarray(mean, dtype=np.float64),
        read_only(np.ascontiguousarray(root, dtype=np.float64)),
    )
    upper = np.sum(parts, axis=0)[:n_features, :n_features]
    return np.triu(upper) + np.triu(upper, 1).T
