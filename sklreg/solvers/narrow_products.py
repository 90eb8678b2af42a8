"""Products of a design with a few vectors, which BLAS would pack it for first."""

import numpy as np

from sklreg._views import read_only
from sklreg.solvers import _narrow_kernels as kernels

#: Products with more vectors are those of BLAS.
FEW = 6


def correlate_few(design, vectors):
    """Return the products of all columns with a few vectors, a row for each."""
    V = np.stack(vectors)
    if design.sparse:
        return design.raw_correlate_columns(np.arange(design.shape[1]), V)
    if design.X.flags.f_contiguous and len(V) <= FEW:
        return correlate_rows(read_only(design.X.T), np.arange(design.shape[1]), V)
    return np.ascontiguousarray(design.raw_correlate(V.T).T)


def correlate_rows(rows, places, V):
    """Return the products of some rows of a matrix with the rows of V."""
    out = np.empty((len(V), len(places)))
    kernels.correlate_rows(rows, places, V, out)
    return out


def product(X, W):
    """Return ``X W`` in float64 for a dense X, of which no copy is made.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        In float64, or in float32 with a contiguous axis.
    W : ndarray of shape (n_features, k)
        A few columns.
    """
    if X.dtype == np.float64:
        return X @ W
    V = np.ascontiguousarray(W.T)
    if X.flags.c_contiguous:
        return correlate_rows(read_only(X), np.arange(len(X)), V).T
    out = np.zeros((len(V), len(X)))
    kernels.subtract_combinations(read_only(X.T), np.arange(len(W)), -V, out)
    return out.T


def transposed_product(X, V):
    """Return ``X^T V``, as :func:`product`."""
    return product(X.T, V)
