"""Coordinate descent over columns in float32, relative to a start that is exact.

The problem is ``1/2 |residual - rows' (w - start)|^2`` plus penalty, where ``slope`` is
``rows residual`` as float64 has it, and ``pull`` is ``rows' (w - start)``.
"""

import numpy as np
from numba import njit

from sklreg.solvers._coordinate_descent_kernels import duality_gap, soft_threshold

_JIT = {
    "cache": True,
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}
# Between two looks at all columns, those this near to their level are swept over.
NEAR = 0.9


@njit(**_JIT)
def _product(row, pull):
    total = np.float32(0.0)
    for i in range(row.shape[0]):
        total += row[i] * pull[i]
    return total


@njit(**_JIT)
def _add(row, change, pull):
    factor = np.float32(change)
    for i in range(row.shape[0]):
        pull[i] += factor * row[i]


@njit(**_JIT)
def sweep(rows, squares, slope, pull, w, l1, l2, positive, active, n_active, iterates):
    """Sweep over the active columns, once for each of the iterates to be written."""
    for s in range(iterates.shape[0]):
        for a in range(n_active):
            c = active[a]
            curvature = squares[c] + l2[c]
            if curvature == 0.0:
                continue
            old = w[c]
            z = slope[c] - _product(rows[c], pull) + squares[c] * old
            new = soft_threshold(z, l1[c], positive) / curvature
            if new != old:
                w[c] = new
                _add(rows[c], new - old, pull)
        for c in range(w.shape[0]):
            iterates[s, c] = w[c]


@njit(**_JIT)
def look(rows, slope, residual, pull, w, l1, l2, positive, active):
    """Return the duality gap, and how many columns to sweep over next.

    They are written over ``active``.
    """
    gradient = np.empty(w.shape[0])
    with_fit = 0.0
    count = np.int64(0)
    for c in range(w.shape[0]):
        gradient[c] = slope[c] - _product(rows[c], pull)
        with_fit += gradient[c] * w[c]
        off = gradient[c] - l2[c] * w[c]
        if w[c] != 0.0 or (off if positive else abs(off)) >= NEAR * l1[c]:
            active[count] = c
            count += 1
    square = 0.0
    for i in range(pull.shape[0]):
        r = residual[i] - pull[i]
        square += r * r
    gap, _ = duality_gap(w, gradient, l1, l2, square, square + with_fit, positive)
    return gap, count
