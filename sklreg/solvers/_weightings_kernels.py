"""Kernels that copy what weightings of the rows of a matrix need of it."""

from numba import njit

_jit = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})


@_jit
def scaled_rows(X, rows, columns, mean, root, out):
    """Write ``root * (X[rows][:, columns] - mean)`` to ``out``, both in C order."""
    for i in range(rows.shape[0]):
        row, scale = X[rows[i]], root[i]
        for c in range(columns.shape[0]):
            out[i, c] = scale * (row[columns[c]] - mean[c])


@_jit
def scaled_columns(X, rows, columns, mean, root, out):
    """As ``scaled_rows`` with X and ``out`` transposed."""
    for c in range(columns.shape[0]):
        column, m = X[columns[c]], mean[c]
        for i in range(rows.shape[0]):
            out[c, i] = root[i] * (column[rows[i]] - m)
