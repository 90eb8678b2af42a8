"""Kernels of the logistic paths: exponentials, derivatives, steps, divergences."""

import numpy as np
from numba import njit

from sklreg.solvers._log_loss_kernels import exp_of_minus

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": FASTMATH}

# Up to this relative change the divergence is summed by its series.
_SERIES = 0.03
# Rows whose exponentials are found at a time: they stay in the nearest cache.
_BLOCK = 256


@njit(**_JIT)
def _exponentials(raw, out):
    """Write ``exp(-|raw|)`` to ``out``, in a loop of its own that is vectors."""
    for i in range(raw.shape[0]):
        out[i] = exp_of_minus(abs(raw[i]))


@njit(**_JIT)
def derivatives(raw, sign, weight, theta, curvature):
    """Write minus the gradient of the loss and its curvature; return their sums."""
    slope = 0.0
    total = 0.0
    e = np.empty(_BLOCK)
    for start in range(0, raw.shape[0], _BLOCK):
        m = min(_BLOCK, raw.shape[0] - start)
        _exponentials(raw[start : start + m], e)
        for i in range(m):
            k = start + i
            share = 1.0 / (1.0 + e[i])
            wrong = share * (e[i] if sign[k] * raw[k] > 0.0 else 1.0)
            theta[k] = weight[k] * sign[k] * wrong
            curvature[k] = weight[k] * e[i] * share * share
            slope += theta[k]
            total += curvature[k]
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
    e = np.empty(_BLOCK)
    for start in range(0, raw.shape[0], _BLOCK):
        m = min(_BLOCK, raw.shape[0] - start)
        _exponentials(raw[start : start + m], e)
        far = 0
        for i in range(m):
            k = start + i
            sum_ += dual[k]
            share = 1.0 / (1.0 + e[i])
            sure = sign[k] * raw[k] > 0.0
            wrong = share * (e[i] if sure else 1.0)
            right = share * (1.0 if sure else e[i])
            s = weight[k]
            # A weight of zero leaves a dual point of zero too.
            change = scale * dual[k] * sign[k] / (s if s > 0.0 else 1.0) - wrong
            near = abs(change) < _SERIES * share * e[i]
            change = change if near else 0.0
            part = wrong * _excess(change / wrong) + right * _excess(-change / right)
            total += s * part
            far += 0 if near or s == 0.0 else 1
        if far == 0:
            continue
        for i in range(m):
            k = start + i
            if weight[k] == 0.0:
                continue
            margin = sign[k] * raw[k]
            share = 1.0 / (1.0 + e[i])
            wrong = share * (e[i] if margin > 0.0 else 1.0)
            a = scale * dual[k] * sign[k] / weight[k]
            if abs(a - wrong) < _SERIES * share * e[i]:
                continue
            if a < -1e-15 or a > 1.0 + 1e-15:
                return np.inf, scale * sum_
            rest = np.log1p(e[i])
            if a > 0.0:
                total += weight[k] * a * (np.log(a) + max(margin, 0.0) + rest)
            if a < 1.0:
                total += (
                    weight[k] * (1.0 - a) * (np.log1p(-a) + max(-margin, 0.0) + rest)
                )
    return total, scale * sum_
