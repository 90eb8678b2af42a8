"""Compiled loops over the columns of rows in C order."""

import numpy as np
from numba import njit

# Rows that stay in the cache between the two looks at them.
_ROWS = 64


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def column_moments(first, last, X, mean, scatter):
    """Write the mean of each column over some rows, and the sum of squares about it.

    Blocks of rows are centred at their own means and put together pairwise (Chan,
    Golub & LeVeque, 1983), which is as exact as two passes over the rows.
    """
    p = X.shape[1]
    middle, squares = np.empty(p), np.empty(p)
    mean[:], scatter[:] = 0.0, 0.0
    for start in range(first, last, _ROWS):
        stop = min(start + _ROWS, last)
        middle[:], squares[:] = 0.0, 0.0
        for i in range(start, stop):
            row = X[i]
            for j in range(row.size):
                middle[j] += row[j]
        m, before, after = stop - start, start - first, stop - first
        for j in range(p):
            middle[j] /= m
        for i in range(start, stop):
            row = X[i]
            for j in range(row.size):
                gap = row[j] - middle[j]
                squares[j] += gap * gap
        for j in range(p):
            gap = middle[j] - mean[j]
            mean[j] += gap * (m / after)
            scatter[j] += squares[j] + gap * gap * (before * (m / after))
