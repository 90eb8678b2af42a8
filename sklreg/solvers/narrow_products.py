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
        return correlate_stored(design, np.arange(design.shape[1]), V)
    if design.X.flags.f_contiguous and len(V) <= FEW:
        return correlate_rows(read_only(design.X.T), np.arange(design.shape[1]), V)
    return np.ascontiguousarray(design.raw_correlate(V.T).T)


def correlate_rows(rows, places, V):
    """Return the products of some rows of a matrix with the rows of V."""
    out = np.empty((len(V), len(places)))
    kernels.correlate_rows(rows, places, V, out)
    return out


def correlate_stored(design, columns, V):
    """Return the products of columns of a sparse design with the rows of V."""
    products = []
    for start in range(0, len(V), 8):
        part = V[start : start + 8]
        padded = np.zeros((V.shape[1], 4 if len(part) <= 4 else 8))
        padded[:, : len(part)] = part.T
        out = np.empty((len(columns), padded.shape[1]))
        kernels.correlate_csc(*design.arrays(), columns, padded, out)
        products.append(out[:, : len(part)].T)
    return np.ascontiguousarray(np.concatenate(products))
