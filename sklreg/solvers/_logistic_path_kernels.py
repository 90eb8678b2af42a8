"""Kernels of the logistic paths: derivatives, steps, divergences, narrow products."""

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "fastmath": FASTMATH}

# Up to this relative change the divergence is summed by its series.
_SERIES = 0.03


@njit(**_JIT)
def derivatives(raw, sign, weight, theta, curvature):
    """Write minus the gradient of the loss and its curvature; return their sums."""
    slope = 0.0
    total = 0.0
    for i in range(raw.shape[0]):
        theta[i] = 0.0
        curvature[i] = 0.0
        if weight[i] > 0.0:
            margin = sign[i] * raw[i]
            e = np.exp(-abs(margin))
            share = 1.0 / (1.0 + e)
            theta[i] = weight[i] * sign[i] * share * (e if margin > 0.0 else 1.0)
            curvature[i] = weight[i] * e * share * share
            slope += theta[i]
            total += curvature[i]
    return slope, total


@njit(**_JIT)
def take_step(raw, theta, curvature, ratio, slope, total, product, moved, dual):
    """Write the raw predictions after a model's step, and the model's dual point.

    ``product`` is that of the columns with the change of their coefficients, the
    model's weights are ``ratio * curvature``, ``slope`` and ``total`` the sums of
    theta and of these weights. A total of infinity is for no intercept. Returns the
    step of the intercept.
    """
    shift = 0.0
    if total < np.inf:
        for i in range(raw.shape[0]):
            shift += curvature[i] * product[i]
        shift = (slope - ratio * shift) / total
    for i in range(raw.shape[0]):
        step = product[i] + shift
        moved[i] = raw[i] + step
        dual[i] = theta[i] - ratio * curvature[i] * step
    return shift


@njit(**_JIT)
def _excess(u):
    """Return ``(1 + u) log(1 + u) - u`` for a small u."""
    tail = 1.0 / 12.0 + u * (-0.05 + u * (1.0 / 30.0 - u / 42.0))
    return u * u * (0.5 + u * (-1.0 / 6.0 + u * tail))


@njit(**_JIT)
def divergence(raw, dual, scale, sign, weight):
    """Return ``sum_i s_i KL(a_i || p_i)`` and the sum of the dual point.

    ``a_i`` are the probabilities of error of the dual point times ``scale``, ``p_i``
    those of the raw predictions. That is the loss, less the dual's entropy, plus
    the product of raw predictions and dual point, without their cancellation;
    infinity where an ``a_i`` is no probability.
    """
    total = 0.0
    sum_ = 0.0
    for i in range(raw.shape[0]):
        if weight[i] > 0.0:
            sum_ += dual[i]
            margin = sign[i] * raw[i]
            e = np.exp(-abs(margin))
            share = 1.0 / (1.0 + e)
            wrong = share * (e if margin > 0.0 else 1.0)
            right = share * (1.0 if margin > 0.0 else e)
            a = scale * dual[i] * sign[i] / weight[i]
            change = a - wrong
            if abs(change) < _SERIES * min(wrong, right):
                total += weight[i] * (
                    wrong * _excess(change / wrong) + right * _excess(-change / right)
                )
                continue
            if a < -1e-15 or a > 1.0 + 1e-15:
                return np.inf, scale * sum_
            rest = np.log1p(e)
            if a > 0.0:
                total += weight[i] * a * (np.log(a) + max(margin, 0.0) + rest)
            if a < 1.0:
                total += (
                    weight[i] * (1.0 - a) * (np.log1p(-a) + max(-margin, 0.0) + rest)
                )
    return total, scale * sum_


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
def correlate_csc(data, indices, indptr, V, out):
    """Write the products of CSC columns with the few columns of V to ``out``.

    ``V`` is in C order, ``out`` has a row for each of its columns.
    """
    m = V.shape[1]
    total = np.empty(m)
    for j in range(indptr.shape[0] - 1):
        for k in range(m):
            total[k] = 0.0
        for t in range(indptr[j], indptr[j + 1]):
            value = np.float64(data[t])
            row = V[indices[t]]
            for k in range(m):
                total[k] += value * row[k]
        for k in range(m):
            out[k, j] = total[k]
