"""Compiled loops over the columns of rows in C order."""

import numpy as np
from numba import njit

from sklreg._prefetch_kernels import ask_for

_KERNEL = {
    "cache": True,
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}
# Rows whose sums are taken about one point.
_ROWS = 64


@njit(**_KERNEL)
def column_moments(first, last, X, mean, scatter):
    """Write the mean of each column over some rows, and the sum of squares about it.

    Sums of a block are taken about the mean of the rows before it, and blocks are put
    together (Chan, Golub & LeVeque, 1983). Where the block lies far from that mean, so
    that digits are lost in its squares, the distance itself is in the result, beside
    which they do not count.
    """
    p = X.shape[1]
    sums, squares = np.empty(p), np.empty(p)
    scatter[:] = 0.0
    for j in range(p):
        mean[j] = X[first, j]
    for start in range(first, last, _ROWS):
        stop = min(start + _ROWS, last)
        sums[:], squares[:] = 0.0, 0.0
        whole = stop - (stop - start) % 4
        for i in range(start, whole, 4):
            for ahead in range(i + 4, min(i + 8, last)):
                ask_for(X[ahead], 0, p)
            _add(X[i], X[i + 1], X[i + 2], X[i + 3], mean, sums, squares)
        for i in range(whole, stop):
            for j in range(p):
                gap = X[i, j] - mean[j]
                sums[j] += gap
                squares[j] += gap * gap
        m, before, after = stop - start, start - first, stop - first
        for j in range(p):
            gap = sums[j] / m
            mean[j] += gap * (m / after)
            scatter[j] += (
                squares[j] - gap * gap * m + gap * gap * (before * (m / after))
            )


@njit(**_KERNEL)
def _add(a, b, c, d, origin, sums, squares):
    for j in range(sums.size):
        x, y, z, w = (
            a[j] - origin[j],
            b[j] - origin[j],
            c[j] - origin[j],
            d[j] - origin[j],
        )
        sums[j] += (x + y) + (z + w)
        squares[j] += (x * x + y * y) + (z * z + w * w)
