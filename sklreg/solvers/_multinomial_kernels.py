"""Kernels of multinomial logistic regression.

Raw predictions, probabilities P and steps R have one row a sample, one column a class.
The Hessian of a sample is ``diag(P_i) - P_i P_i'``: with ``mean_i = P_i R_i`` kept, one
coordinate of its product with R costs no more than in the binary case.
"""

import numpy as np
from numba import njit

from sklreg.solvers._logistic_kernels import box_threshold

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "fastmath": FASTMATH}


@njit(**_JIT)
def loss_value(raw, step, length, codes, weight):
    """Return the weighted log loss at ``raw + length * step``."""
    n, K = raw.shape
    total = 0.0
    for i in range(n):
        if weight[i] > 0.0:
            own = raw[i, codes[i]] + length * step[i, codes[i]]
            largest = own
            for k in range(K):
                largest = max(largest, raw[i, k] + length * step[i, k])
            rest = 0.0
            for k in range(K):
                if k != codes[i]:
                    rest += np.exp(raw[i, k] + length * step[i, k] - largest)
            own -= largest
            if own == 0.0:
                total += weight[i] * np.log1p(rest)
            else:
                total += weight[i] * (np.log(rest + np.exp(own)) - own)
    return total


@njit(**_JIT)
def evaluate(raw, codes, weight, P, theta):
    """Return the loss; write probabilities and minus the gradient in ``raw``."""
    n, K = raw.shape
    total = 0.0
    for i in range(n):
        own = codes[i]
        largest = raw[i, 0]
        for k in range(1, K):
            largest = max(largest, raw[i, k])
        rest = 0.0
        for k in range(K):
            P[i, k] = np.exp(raw[i, k] - largest)
            if k != own:
                rest += P[i, k]
        whole = rest + P[i, own]
        for k in range(K):
            P[i, k] /= whole
            theta[i, k] = -weight[i] * P[i, k]
        # One minus the own probability, without its cancellation.
        theta[i, own] = weight[i] * rest / whole
        if weight[i] > 0.0:
            margin = raw[i, own] - largest
            if margin == 0.0:
                total += weight[i] * np.log1p(rest)
            else:
                total += weight[i] * (np.log(whole) - margin)
    return total


@njit(**_JIT)
def entropy(theta, scale, codes, weight, offset):
    """Return the dual's loss term at ``scale * theta``, minus infinity if outside."""
    n, K = theta.shape
    total = 0.0
    for i in range(n):
        if weight[i] > 0.0:
            rest = 0.0
            for k in range(K):
                total -= scale * theta[i, k] * offset[i, k]
                if k != codes[i]:
                    q = -scale * theta[i, k] / weight[i]
                    if q < -1e-14:
                        return -np.inf
                    if q > 0.0:
                        total -= weight[i] * q * np.log(q)
                        rest += q
            if rest > 1.0 + 1e-14:
                return -np.inf
            if rest < 1.0:
                total -= weight[i] * (1.0 - rest) * np.log1p(-rest)
    return total


@njit(**_JIT)
def _pull(sparse, panel, data, indices, indptr, c, j, k, P, weight, R, mean):
    """Return one coordinate of the Hessian's product with the step R."""
    total = 0.0
    if sparse:
        for t in range(indptr[j], indptr[j + 1]):
            i = indices[t]
            total += data[t] * weight[i] * P[i, k] * (R[i, k] - mean[i])
    else:
        for i in range(R.shape[0]):
            total += panel[i, c] * weight[i] * P[i, k] * (R[i, k] - mean[i])
    return total


@njit(**_JIT)
def _push(sparse, panel, data, indices, indptr, c, j, k, P, R, mean, change):
    """Add ``change`` times one column to the step of one class."""
    if sparse:
        for t in range(indptr[j], indptr[j + 1]):
            i = indices[t]
            R[i, k] += change * data[t]
            mean[i] += P[i, k] * change * data[t]
    else:
        for i in range(R.shape[0]):
            R[i, k] += change * panel[i, c]
            mean[i] += P[i, k] * change * panel[i, c]


@njit(**_JIT)
def model_sweeps(
    sparse,
    panel,
    data,
    indices,
    indptr,
    columns,
    places,
    classes,
    P,
    weight,
    slope,
    drift,
    w,
    l1,
    l2,
    lower,
    upper,
    R,
    shift,
    intercept,
    max_sweeps,
    tol,
    slope_tol,
):
    """Coordinate descent on the quadratic model, over entries of W.

    Entry e is class ``classes[e]`` of column ``columns[places[e]]``, of which
    ``places`` numbers the panel. ``slope`` and ``drift`` are the gradients of
    entries and intercepts at the start; R, the step in raw, and ``shift``, that of
    the intercepts, come in as zeros. Returns the number of sweeps.
    """
    n, K = P.shape
    m = w.shape[0]
    mean = np.zeros(n)
    squares = np.zeros(m)
    for e in range(m):
        k = classes[e]
        c = places[e]
        j = columns[c]
        if sparse:
            for t in range(indptr[j], indptr[j + 1]):
                p = P[indices[t], k]
                squares[e] += data[t] ** 2 * weight[indices[t]] * p * (1.0 - p)
        else:
            for i in range(n):
                p = P[i, k]
                squares[e] += panel[i, c] ** 2 * weight[i] * p * (1.0 - p)
    base = np.zeros(K)
    for i in range(n):
        for k in range(K):
            base[k] += weight[i] * P[i, k] * (1.0 - P[i, k])
    everything = True
    sweep = 0
    while sweep < max_sweeps:
        sweep += 1
        decrease = 0.0
        worst = 0.0
        if intercept:
            for k in range(K):
                if base[k] <= 0.0:
                    continue
                g = drift[k]
                for i in range(n):
                    g -= weight[i] * P[i, k] * (R[i, k] - mean[i])
                change = g / base[k]
                decrease += 0.5 * change * g
                shift[k] += change
                for i in range(n):
                    R[i, k] += change
                    mean[i] += P[i, k] * change
        for e in range(m):
            old = w[e]
            if not everything and old == 0.0 and l1[e] > 0.0:
                continue
            if squares[e] + l2[e] <= 0.0:
                continue
            k = classes[e]
            c = places[e]
            j = columns[c]
            g = slope[e] - _pull(
                sparse, panel, data, indices, indptr, c, j, k, P, weight, R, mean
            )
            new = box_threshold(
                g + squares[e] * old, squares[e], l1[e], l2[e], lower[e], upper[e]
            )
            if new != old:
                change = new - old
                w[e] = new
                off = (squares[e] + l2[e]) * abs(change)
                decrease += 0.5 * off * abs(change)
                if l1[e] > 0.0:
                    worst = max(worst, off / l1[e])
                _push(sparse, panel, data, indices, indptr, c, j, k, P, R, mean, change)
        if decrease <= tol and worst <= slope_tol:
            if everything:
                break
            everything = True
        else:
            everything = False
    return sweep
