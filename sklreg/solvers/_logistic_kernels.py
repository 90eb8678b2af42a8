"""Kernels of the logistic solvers: loss, dual value, descent on a quadratic model.

Margins are ``m_i = (2 y_i - 1) raw_i``; ``exp`` is only ever taken of ``-|m_i|``.
"""

import numpy as np
from numba import njit

from sklreg.solvers._coordinate_descent_kernels import MEMORY, extrapolate

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "fastmath": FASTMATH}
# Rows to take at a time, so that what all columns meet stays in the nearest cache.
TILE = 1024


@njit(**_JIT)
def loss_value(raw, step, length, sign, weight):
    """Return the weighted log loss at ``raw + length * step``."""
    total = 0.0
    for i in range(raw.shape[0]):
        if weight[i] > 0.0:
            margin = sign[i] * (raw[i] + length * step[i])
            total += weight[i] * (np.log1p(np.exp(-abs(margin))) - min(margin, 0.0))
    return total


@njit(**_JIT)
def evaluate(raw, sign, weight, theta, curvature):
    """Return the loss; write minus its gradient and its curvature in ``raw``."""
    total = 0.0
    for i in range(raw.shape[0]):
        theta[i] = 0.0
        curvature[i] = 0.0
        if weight[i] > 0.0:
            margin = sign[i] * raw[i]
            e = np.exp(-abs(margin))
            total += weight[i] * (np.log1p(e) - min(margin, 0.0))
            wrong = (e if margin > 0.0 else 1.0) / (1.0 + e)
            theta[i] = weight[i] * sign[i] * wrong
            curvature[i] = weight[i] * e / ((1.0 + e) * (1.0 + e))
    return total


@njit(**_JIT)
def entropy(theta, scale, sign, weight, offset):
    """Return the dual's loss term at ``scale * theta``, minus infinity if outside."""
    total = 0.0
    for i in range(theta.shape[0]):
        if weight[i] > 0.0:
            a = scale * theta[i] * sign[i] / weight[i]
            if a < -1e-15 or a > 1.0 + 1e-15:
                return -np.inf
            if a > 0.0 and a < 1.0:
                total -= weight[i] * (a * np.log(a) + (1.0 - a) * np.log1p(-a))
            total -= scale * theta[i] * offset[i]
    return total


@njit(**_JIT)
def penalty_value(w, l1, l2):
    """Return ``sum_j l1_j |w_j| + l2_j / 2 w_j^2``."""
    total = 0.0
    for j in range(w.shape[0]):
        if w[j] != 0.0:
            total += l1[j] * abs(w[j]) + 0.5 * l2[j] * w[j] * w[j]
    return total


@njit(**_JIT)
def dual_scale(u, w, l1, l2, lower, upper):
    """Return how far to shrink ``u`` so that ``|u_j - l2_j w_j| <= l1_j``.

    Sides that a bound closes ask for nothing. Features without any penalty are
    left out: their u is zero by projection.
    """
    scale = 1.0
    for j in range(u.shape[0]):
        if l1[j] > 0.0:
            slope = u[j] - l2[j] * w[j]
            if slope > 0.0:
                if np.isfinite(upper[j]):
                    continue
            elif np.isfinite(lower[j]):
                continue
            slope = abs(slope)
            if slope * scale > l1[j]:
                scale = l1[j] / slope
    return scale


@njit(**_JIT)
def conjugate_value(u, scale, l1, l2, lower, upper):
    """Return the conjugate of penalty and bounds at ``scale * u``."""
    total = 0.0
    for j in range(u.shape[0]):
        v = scale * u[j]
        excess = abs(v) - l1[j]
        if excess <= 0.0:
            continue
        bound = upper[j] if v > 0.0 else -lower[j]
        if bound == 0.0:
            continue
        if l2[j] > 0.0:
            x = min(excess / l2[j], bound)
            total += excess * x - 0.5 * l2[j] * x * x
        elif np.isfinite(bound):
            total += excess * bound
        elif l1[j] > 0.0 and excess > 1e-12 * l1[j]:
            return np.inf
    return total


@njit(**_JIT)
def box_threshold(z, curvature, l1, l2, lower, upper):
    """Return the minimiser of ``(curvature + l2) / 2 w^2 - z w + l1 |w|`` in a box."""
    if z > l1:
        w = (z - l1) / (curvature + l2)
    elif z < -l1:
        w = (z + l1) / (curvature + l2)
    else:
        w = 0.0
    return min(max(w, lower), upper)


@njit(**_JIT)
def slope_price(off, l2):
    """Return what a slope that is off its level costs the dual value."""
    return 0.5 * off * off / l2 if l2 > 0.0 else np.inf


@njit(**_JIT)
def gram_sweeps(
    G, gradient, w, l1, l2, lower, upper, max_sweeps, tol, slope_tol, priced
):
    """Coordinate descent on ``1/2 w' G w - q' w`` plus penalty, in a box.

    ``gradient`` is ``q - G w`` and is kept so. Ends when a sweep lowers the
    objective by at most tol and no slope was off by more than ``slope_tol * l1`` or,
    if ``priced``, what they were off by costs the dual value no more than tol.
    Returns ``(sweeps, settled, support_moved)``, the latter of the last sweep.
    """
    m = w.shape[0]
    moved = False
    sweep = 0
    while sweep < max_sweeps:
        sweep += 1
        decrease = 0.0
        worst = 0.0
        excess = 0.0
        moved = False
        for j in range(m):
            square = G[j, j]
            if square + l2[j] <= 0.0:
                continue
            old = w[j]
            new = box_threshold(
                gradient[j] + square * old, square, l1[j], l2[j], lower[j], upper[j]
            )
            if new != old:
                change = new - old
                w[j] = new
                if (new == 0.0) != (old == 0.0):
                    moved = True
                off = (square + l2[j]) * abs(change)
                decrease += 0.5 * off * abs(change)
                if l1[j] > 0.0:
                    worst = max(worst, off / l1[j])
                excess += slope_price(off, l2[j])
                for k in range(m):
                    gradient[k] -= change * G[j, k]
        if decrease <= tol and (worst <= slope_tol or (priced and excess <= tol)):
            return sweep, True, moved
    return sweep, False, moved


@njit(**_JIT)
def column_means(columns, places, origin, spread):
    """Write mean and standard deviation of some rows of a transposed array."""
    n = columns.shape[1]
    for c in range(places.shape[0]):
        j = places[c]
        total = 0.0
        for i in range(n):
            total += columns[j, i]
        mean = total / n
        square = 0.0
        for i in range(n):
            x = columns[j, i] - mean
            square += x * x
        origin[c] = mean
        spread[c] = np.sqrt(square / n)


@njit(**_JIT)
def scale_columns(columns, places, origin, keep, root, out):
    """Write ``root`` times some rows, centred, of a transposed array to ``out``.

    Here and below a row's ``origin`` is taken from it, and where ``keep`` is zero
    nothing is left of it.
    """
    for c in range(places.shape[0]):
        j = places[c]
        centre, factor = origin[c], keep[c]
        for i in range(root.shape[0]):
            out[c, i] = factor * root[i] * (columns[j, i] - centre)


@njit(**_JIT)
def less_outer(product, a, b, out):
    """Write ``product - a b'`` to ``out``."""
    for i in range(product.shape[0]):
        factor = np.float64(a[i])
        for j in range(product.shape[1]):
            out[i, j] = product[i, j] - factor * b[j]


@njit(**_JIT)
def correct(G, product, length, answer, along):
    """Add ``answer answer' / along - product product' / length`` to G."""
    for i in range(G.shape[0]):
        out, back = product[i] / length, answer[i] / along
        for j in range(G.shape[1]):
            G[i, j] += back * answer[j] - out * product[j]


@njit(**_JIT)
def columns_correlate(columns, places, origin, keep, theta, out):
    """Write the products of some rows of a transposed array with theta to ``out``."""
    n = theta.shape[0]
    out[:] = 0.0
    for start in range(0, n, TILE):
        # Slices: indices that start at zero are what the compiler turns into vectors.
        part = theta[start : start + TILE]
        for c in range(places.shape[0]):
            column = columns[places[c], start : start + TILE]
            centre = origin[c]
            total = 0.0
            for i in range(part.shape[0]):
                total += (column[i] - centre) * part[i]
            out[c] += total
    for c in range(places.shape[0]):
        out[c] *= keep[c]


@njit(**_JIT)
def columns_product(columns, places, origin, keep, w, out):
    """Write the sum of some rows of a transposed array, times ``w``, to ``out``."""
    n = out.shape[0]
    out[:] = 0.0
    for start in range(0, n, TILE):
        part = out[start : start + TILE]
        for c in range(places.shape[0]):
            column = columns[places[c], start : start + TILE]
            centre, factor = origin[c], keep[c] * w[c]
            if factor != 0.0:
                for i in range(part.shape[0]):
                    part[i] += factor * (column[i] - centre)


@njit(**_JIT)
def csc_correlate(data, indices, indptr, columns, theta, out):
    """Write the products of some CSC columns with theta to ``out``."""
    for c in range(columns.shape[0]):
        j = columns[c]
        total = 0.0
        for t in range(indptr[j], indptr[j + 1]):
            total += data[t] * theta[indices[t]]
        out[c] = total


@njit(**_JIT)
def csc_moments(data, indices, indptr, columns, curvature, total, mean, squares):
    """Write weighted column means and centred weighted squares of CSC columns.

    ``total`` is the sum of the weights, or infinity for means of zero.
    """
    for c in range(columns.shape[0]):
        j = columns[c]
        first = 0.0
        second = 0.0
        for t in range(indptr[j], indptr[j + 1]):
            x = np.float64(data[t])
            d = curvature[indices[t]]
            first += d * x
            second += d * x * x
        mean[c] = first / total
        squares[c] = max(0.0, second - first * mean[c])
        if squares[c] <= 1e-14 * second:
            squares[c] = 0.0


@njit(**_JIT)
def _csc_model(slope, change, w, l1, l2, root, pull, shift):
    """Return the model's value; ``pull`` is ``X change`` times the weights' root."""
    total = 0.0
    for c in range(w.shape[0]):
        total += l1[c] * abs(w[c]) + 0.5 * l2[c] * w[c] * w[c]
        total -= slope[c] * change[c]
    for i in range(pull.shape[0]):
        u = pull[i] + shift * root[i]
        total += 0.5 * u * u
    return total


@njit(**_JIT)
def csc_sweeps(
    data,
    indices,
    indptr,
    columns,
    curvature,
    total,
    mean,
    squares,
    slope,
    w,
    l1,
    l2,
    lower,
    upper,
    max_sweeps,
    tol,
    slope_tol,
):
    """Coordinate descent on the quadratic model over CSC columns.

    ``slope`` is the gradient ``X' theta`` at the start, from where the change of
    ``X w`` is kept, times the root of the curvature and uncentred; the intercept is
    eliminated through ``mean``. Sweeps over the support come between sweeps over all,
    and every fifth iterate on a settled support an Anderson extrapolation is kept if
    it lowers the model. Returns the number of sweeps.
    """
    m = columns.shape[0]
    start = w.copy()
    # A copy of the columns in a row, under the root of the weights, for the caches.
    # Single precision errs in proportion to the change, as an inexact model does.
    first = np.zeros(m + 1, dtype=np.int64)
    for c in range(m):
        first[c + 1] = first[c] + indptr[columns[c] + 1] - indptr[columns[c]]
    # Unsigned, so that no index is asked whether it counts from the end.
    row = np.empty(first[m], dtype=np.uint32)
    value = np.empty(first[m], dtype=np.float32)
    root = np.sqrt(curvature)
    for c in range(m):
        origin = indptr[columns[c]] - first[c]
        for t in range(first[c], first[c + 1]):
            row[t] = indices[origin + t]
            value[t] = data[origin + t] * root[row[t]]
    pull = np.zeros(curvature.shape[0])
    shift = 0.0
    sweep = 0
    history = np.empty((MEMORY + 1, m))
    filled = 0
    everything = True
    while sweep < max_sweeps:
        sweep += 1
        decrease = 0.0
        worst = 0.0
        excess = 0.0
        for c in range(m):
            old = w[c]
            if not everything and old == 0.0 and l1[c] > 0.0:
                continue
            if squares[c] + l2[c] <= 0.0:
                continue
            g = 0.0
            for t in range(first[c], first[c + 1]):
                g += value[t] * pull[row[t]]
            g += shift * mean[c] * total
            z = slope[c] - g + squares[c] * old
            new = box_threshold(z, squares[c], l1[c], l2[c], lower[c], upper[c])
            if new != old:
                change = new - old
                w[c] = new
                off = (squares[c] + l2[c]) * abs(change)
                decrease += 0.5 * off * abs(change)
                if l1[c] > 0.0:
                    worst = max(worst, off / l1[c])
                excess += slope_price(off, l2[c])
                shift -= change * mean[c]
                for t in range(first[c], first[c + 1]):
                    pull[row[t]] += change * value[t]
        if decrease <= tol and (worst <= slope_tol or excess <= tol):
            if everything:
                break
            everything = True
            filled = 0
            continue
        if everything:
            everything = False
            filled = 0
        history[filled] = w
        filled += 1
        if filled == MEMORY + 1:
            filled = 0
            point, usable = extrapolate(history, m, False)
            if usable:
                before = _csc_model(slope, w - start, w, l1, l2, root, pull, shift)
                tried = pull.copy()
                tried_shift = shift
                for c in range(m):
                    point[c] = min(max(point[c], lower[c]), upper[c])
                    change = point[c] - w[c]
                    if change != 0.0:
                        tried_shift -= change * mean[c]
                        for t in range(first[c], first[c + 1]):
                            tried[row[t]] += change * value[t]
                after = _csc_model(
                    slope, point - start, point, l1, l2, root, tried, tried_shift
                )
                if after < before:
                    w[:] = point
                    pull[:] = tried
                    shift = tried_shift
    return sweep
