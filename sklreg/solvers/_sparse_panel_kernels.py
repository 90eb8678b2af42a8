"""Kernels on a panel of sparse columns: products, and coordinate descent.

The columns are ``sqrt(s_i) x_i``, stored entries only and one after the other, so that
a sweep reads memory in order. Column c of ``A`` is ``values_c - mean[c] * root``.
"""

import numpy as np
from numba import njit

from sklreg.solvers._coordinate_descent_kernels import (
    MEMORY,
    duality_gap,
    extrapolate,
    objective,
    screen,
    soft_threshold,
)

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "fastmath": FASTMATH}

# Sweeps before the first look at the gap, and the most between two.
_LOOK = 5
# One sweep in so many is over every column, the others over the support.
_WHOLE = 3
# Sweeps that a warm start may need without an extrapolation.
_WARM = 12
# What a sweep is taken to leave of the gap, until two looks have told.
_RATE = 0.4


@njit(**_JIT)
def gather(data, indices, indptr, columns, mean, root, starts, values, rows, origin):
    """Write the scaled columns of a CSC matrix one after the other.

    ``starts`` says where each begins. A column without zeros may lie far from zero and
    is written centred: its ``origin``, the mean that is left, is 0.
    """
    n = root.shape[0]
    for c in range(columns.shape[0]):
        j = columns[c]
        full = indptr[j + 1] - indptr[j] == n
        origin[c] = 0.0 if full else mean[j]
        shift = mean[j] if full else 0.0
        place = starts[c]
        for t in range(indptr[j], indptr[j + 1]):
            i = indices[t]
            values[place] = root[i] * (data[t] - shift)
            rows[place] = i
            place += 1


@njit(**_JIT)
def take(values, rows, starts, origin, root, w, z):
    """Take ``A w`` from z."""
    shift = 0.0
    for c in range(w.shape[0]):
        if w[c] != 0.0:
            shift += w[c] * origin[c]
            for t in range(starts[c], starts[c + 1]):
                z[rows[t]] -= w[c] * values[t]
    if shift != 0.0:
        for i in range(z.shape[0]):
            z[i] += shift * root[i]


# Not reordered: columns are short, and vectors gathered from all over slow.
@njit(cache=True, nogil=True, fastmath={"contract", "nsz"})
def _dot(values, rows, start, stop, z):
    total = 0.0
    for t in range(np.uint64(start), np.uint64(stop)):
        total += values[t] * z[rows[t]]
    return total


@njit(**_JIT)
def sparse_descent(
    values,
    rows,
    starts,
    origin,
    root,
    squares,
    target,
    z,
    w,
    l1,
    l2,
    positive,
    order,
    max_sweeps,
    tol,
):
    """Coordinate descent that keeps the residual ``z``, in place of z and w.

    The residual is ``z + shift * root``: an update costs the stored entries of one
    column. Two sweeps in three leave alone what is zero. The gap is looked at when it
    is expected to be small enough; sweeps that take long are combined by an Anderson
    extrapolation, kept if it lowers the objective.

    Returns ``(n_sweeps, gap)``.
    """
    m = w.shape[0]
    gradient = np.empty(m)
    active = np.arange(m)
    n_active = m
    history = np.empty((MEMORY + 1, m))
    filled = 0
    gap = np.inf
    gap_before = np.inf
    sweeps = 0
    look = _LOOK
    look_before = 0
    shift = 0.0
    while sweeps < max_sweeps:
        row = sweeps % max(1, order.shape[0])
        whole = sweeps % _WHOLE == 0 or order.shape[0] > 0 or look == sweeps + 1
        for a in range(n_active):
            c = active[order[row, a] % n_active] if order.shape[0] else active[a]
            old = w[c]
            curvature = squares[c] + l2[c]
            if curvature == 0.0 or (old == 0.0 and not whole):
                continue
            g = squares[c] * old
            if squares[c] > 0.0:
                g += _dot(values, rows, starts[c], starts[c + 1], z)
                g += shift * origin[c]
            new = soft_threshold(g, l1[c], positive) / curvature
            if new != old:
                change = new - old
                w[c] = new
                for t in range(np.uint64(starts[c]), np.uint64(starts[c + 1])):
                    z[rows[t]] -= change * values[t]
                shift += change * origin[c]
        sweeps += 1
        if sweeps < look and sweeps < max_sweeps and sweeps <= _WARM:
            continue
        if shift != 0.0:
            for i in range(z.shape[0]):
                z[i] += shift * root[i]
            shift = 0.0
        if sweeps > _WARM:
            history[filled] = w
            filled += 1
        if filled == MEMORY + 1:
            filled = 0
            point, usable = extrapolate(history, m, positive)
            if usable:
                trial = z.copy()
                take(values, rows, starts, origin, root, point - w, trial)
                if objective(trial, point, l1, l2) < objective(z, w, l1, l2):
                    w[:] = point
                    z[:] = trial
        if sweeps < look and sweeps < max_sweeps:
            continue
        square = 0.0
        with_target = 0.0
        total = 0.0
        for i in range(z.shape[0]):
            square += z[i] * z[i]
            with_target += z[i] * target[i]
            total += z[i] * root[i]
        for c in range(m):
            gradient[c] = 0.0
            if squares[c] > 0.0:
                gradient[c] = _dot(values, rows, starts[c], starts[c + 1], z)
                gradient[c] -= total * origin[c]
        gap, scale = duality_gap(w, gradient, l1, l2, square, with_target, positive)
        if gap <= tol or not abs(gap) < np.inf:
            break
        rate = np.log(_RATE)
        if gap < gap_before < np.inf:
            rate = max(np.log(gap / gap_before) / (sweeps - look_before), 4.0 * rate)
        wait = np.log(tol / gap) / rate if tol > 0.0 else np.inf
        look_before = sweeps
        look = sweeps + np.int64(min(max(np.ceil(wait), 1.0), 1.0 * _LOOK))
        gap_before = gap
        n_active = screen(
            active, n_active, w, gradient, l1, l2, squares, gap, scale, positive
        )
    return sweeps, gap
