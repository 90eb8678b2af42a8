"""Kernels of quadratic models whose columns are longer than there are rows to read."""

import numpy as np
from numba import njit

from sklreg.solvers._logistic_kernels import box_threshold, slope_price

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "fastmath": FASTMATH}
_LEAST = 1e-100


@njit(**_JIT)
def weigh_columns(columns, places, origin, keep, curvature, total, norms, out):
    """Write some rows of a transposed array, centred, times the root of the curvature.

    A row's ``origin`` is taken from it first, and where ``keep`` is zero nothing is
    left of it. ``total`` is the sum of the curvature, or infinity for no centring.
    What is written has length 1, the length it had goes to ``norms``; of a column
    without any it is 1.
    """
    n = curvature.shape[0]
    root = np.sqrt(curvature)
    for c in range(places.shape[0]):
        column = columns[places[c]]
        weighted = out[c]
        centre, factor = origin[c], keep[c]
        mean = 0.0
        for i in range(n):
            mean += curvature[i] * (column[i] - centre)
        centre += mean / total
        square = 0.0
        for i in range(n):
            x = column[i] - centre
            square += curvature[i] * x * x
        norm = factor * np.sqrt(square)
        norms[c] = norm if norm > _LEAST else 1.0
        factor = 1.0 / norm if norm > _LEAST else 0.0
        for i in range(n):
            weighted[i] = factor * root[i] * (column[i] - centre)


@njit(**_JIT)
def panel_sweeps(rows, squares, pull, slope, w, l1, l2, lower, upper, limits):
    """Coordinate descent on ``1/2 |rows' (w - w0)|^2 - slope' w`` plus penalty.

    ``pull`` is ``rows' (w - w0)``, in the precision of the rows, and is kept so.
    ``limits`` are the most sweeps, and the decrease and the part of its l1 that a
    slope was off below which a sweep over all columns is the last. Sweeps over the
    support come between these. Returns whether a sweep was the last.
    """
    max_sweeps, tol, slope_tol = limits
    everything = True
    for _ in range(int(max_sweeps)):
        decrease, worst, excess = 0.0, 0.0, 0.0
        for c in range(rows.shape[0]):
            old = w[c]
            if not everything and old == 0.0 and l1[c] > 0.0:
                continue
            if squares[c] + l2[c] <= 0.0:
                continue
            row = rows[c]
            g = np.float32(0.0)
            for i in range(row.shape[0]):
                g += row[i] * pull[i]
            z = slope[c] - g + squares[c] * old
            new = box_threshold(z, squares[c], l1[c], l2[c], lower[c], upper[c])
            if new != old:
                w[c] = new
                off = (squares[c] + l2[c]) * abs(new - old)
                decrease += 0.5 * off * abs(new - old)
                if l1[c] > 0.0:
                    worst = max(worst, off / l1[c])
                excess += slope_price(off, l2[c])
                change = np.float32(new - old)
                for i in range(row.shape[0]):
                    pull[i] += change * row[i]
        if decrease <= tol and (worst <= slope_tol or excess <= tol):
            if everything:
                return True
            everything = True
        else:
            everything = False
    return False
