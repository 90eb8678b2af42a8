"""Coordinate descent over columns in float32, relative to a start that is exact."""

import numpy as np
from numba import njit

from sklreg.solvers._coordinate_descent_kernels import (
    duality_gap,
    extrapolate,
    soft_threshold,
)

_JIT = {
    "cache": True,
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}
# Between two looks at all columns, those this near to their level are swept over.
_NEAR = 0.9


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
def _copy(source, out):
    """Write source to out; an assignment takes seconds to compile."""
    for i in range(source.shape[0]):
        out[i] = source[i]


@njit(**_JIT)
def _objective(pull, w, start, slope, l1, l2):
    """Return the objective, less that of the start but for the penalty."""
    total = 0.0
    for i in range(pull.shape[0]):
        total += 0.5 * np.float64(pull[i]) * np.float64(pull[i])
    for c in range(w.shape[0]):
        total += l1[c] * abs(w[c]) + 0.5 * l2[c] * w[c] * w[c]
        total -= slope[c] * (w[c] - start[c])
    return total


@njit(**_JIT)
def _leap(rows, pull, w, start, slope, l1, l2, positive, history):
    """Go to the extrapolation of the last iterates if it lowers the objective."""
    point, usable = extrapolate(history, w.shape[0], positive)
    if not usable:
        return
    there = np.empty_like(pull)
    _copy(pull, there)
    for c in range(w.shape[0]):
        if point[c] != w[c]:
            _add(rows[c], point[c] - w[c], there)
    before = _objective(pull, w, start, slope, l1, l2)
    if _objective(there, point, start, slope, l1, l2) < before:
        _copy(point, w)
        _copy(there, pull)


@njit(**_JIT)
def descend_single(
    rows,
    squares,
    slope,
    residual,
    start,
    pull,
    w,
    l1,
    l2,
    positive,
    active,
    n_active,
    history,
    filled,
    n_sweeps,
):
    """Sweep over the active columns, and look at all of them once.

    Minimises ``1/2 |residual - rows' (w - start)|^2`` plus penalty, where ``slope``
    is ``rows residual`` as float64 has it. ``pull`` is ``rows' (w - start)`` and kept
    so. Every few sweeps an Anderson extrapolation is kept if it lowers the objective.

    ``active`` is written over with the columns to sweep over next, and ``history``
    holds the last iterates, ``filled`` of them. Returns ``(gap, n_active, filled)``.
    """
    m = w.shape[0]
    for _ in range(n_sweeps):
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
        _copy(w, history[filled])
        filled += 1
        if filled == history.shape[0]:
            filled = np.int64(0)
            _leap(rows, pull, w, start, slope, l1, l2, positive, history)
    gradient = np.empty(m)
    with_fit = 0.0
    count = np.int64(0)
    for c in range(m):
        gradient[c] = slope[c] - _product(rows[c], pull)
        with_fit += gradient[c] * w[c]
        off = gradient[c] - l2[c] * w[c]
        if w[c] != 0.0 or (off if positive else abs(off)) >= _NEAR * l1[c]:
            active[count] = c
            count += 1
    square = 0.0
    for i in range(pull.shape[0]):
        r = residual[i] - pull[i]
        square += r * r
    gap, _ = duality_gap(w, gradient, l1, l2, square, square + with_fit, positive)
    return gap, count, filled
