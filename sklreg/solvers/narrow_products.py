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


def multiplies_as_it_is(X, k):
    """Return whether :func:`narrow_product` takes a dense X with k columns."""
    return X.dtype == np.float64 or (k <= FEW and X.itemsize in X.strides)


def narrow_product(X, W, columns=None):
    """Return ``X W`` in float64 for a dense X, of which no copy is made.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        In float64, or in float32 with a contiguous axis.
    W : ndarray of shape (n_columns, k)
        A few columns.
    columns : ndarray of int of shape (n_columns,) or None
        The columns of X that they are for, in float32; None is all.
    """
    if X.dtype == np.float64:
        return X @ W
    V = np.ascontiguousarray(W.T)
    if not X.flags.c_contiguous:
        out = np.zeros((len(V), len(X)))
        columns = np.arange(X.shape[1]) if columns is None else columns
        kernels.subtract_combinations(read_only(X.T), columns, -V, out)
        return out.T
    if columns is not None:
        full = np.zeros((len(V), X.shape[1]))
        full[:, columns] = V
        V = full
    return correlate_rows(read_only(X), np.arange(len(X)), V).T


def transposed_product(X, V):
    """Return ``X^T V``, as :func:`narrow_product`."""
    return narrow_product(X.T, V)
