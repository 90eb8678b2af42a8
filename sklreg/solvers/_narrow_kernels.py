"""Products of the columns of a design with a few vectors, dense and sparse."""

import numpy as np
from numba import njit

_JIT = {
    "cache": True,
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}


@njit(**_JIT)
def correlate_rows(rows, places, V, out):
    """Write the products of some rows of a matrix with a few vectors to ``out``.

    ``out`` has a row for each vector. The matrix is read once for four vectors, where
    BLAS first packs it.
    """
    m = V.shape[0]
    n = V.shape[1]
    for c in range(places.shape[0]):
        x = rows[places[c]]
        k = 0
        while k + 4 <= m:
            first, second, third, fourth = V[k], V[k + 1], V[k + 2], V[k + 3]
            s, t, u, v = 0.0, 0.0, 0.0, 0.0
            for i in range(n):
                value = np.float64(x[i])
                s += value * first[i]
                t += value * second[i]
                u += value * third[i]
                v += value * fourth[i]
            out[k, c], out[k + 1, c], out[k + 2, c], out[k + 3, c] = s, t, u, v
            k += 4
        while k < m:
            first = V[k]
            s = 0.0
            for i in range(n):
                s += np.float64(x[i]) * first[i]
            out[k, c] = s
            k += 1


@njit(**_JIT)
def correlate_csc(data, indices, indptr, columns, V, out):
    """Write the products of CSC columns with four or eight vectors to ``out``.

    ``V`` has a row for each sample and four or eight columns, which one reading of an
    entry serves; ``out`` has a row for each column.
    """
    eight = V.shape[1] == 8
    for c in range(columns.shape[0]):
        a0, a1, a2, a3 = 0.0, 0.0, 0.0, 0.0
        a4, a5, a6, a7 = 0.0, 0.0, 0.0, 0.0
        first, last = indptr[columns[c]], indptr[columns[c] + 1]
        if eight:
            for t in range(first, last):
                value = np.float64(data[t])
                row = V[indices[t]]
                a0 += value * row[0]
                a1 += value * row[1]
                a2 += value * row[2]
                a3 += value * row[3]
                a4 += value * row[4]
                a5 += value * row[5]
                a6 += value * row[6]
                a7 += value * row[7]
            out[c, 4], out[c, 5], out[c, 6], out[c, 7] = a4, a5, a6, a7
        else:
            for t in range(first, last):
                value = np.float64(data[t])
                row = V[indices[t]]
                a0 += value * row[0]
                a1 += value * row[1]
                a2 += value * row[2]
                a3 += value * row[3]
        out[c, 0], out[c, 1], out[c, 2], out[c, 3] = a0, a1, a2, a3
