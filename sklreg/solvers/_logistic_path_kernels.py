"""Kernels of the logistic paths: exponentials, derivatives, steps, divergences."""

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "fastmath": FASTMATH}

# Up to this relative change the divergence is summed by its series.
_SERIES = 0.03
# Rows whose exponentials are found at a time: they stay in the nearest cache.
_BLOCK = 256
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
# Added to a number it leaves its integer, with the bias of exponents, in the last bits.
_SHIFTER = 6755399441055744.0 + 1023.0


@njit(cache=True, nogil=True, fastmath={"contract"})
def exponentials(x, bits, out):
    """Write ``exp(x)`` for ``-708 <= x <= 0`` to ``out``, without a branch.

    ``bits`` is work space, int64. Sums must not be reordered here: adding the shifter
    and taking it away again is what rounds.
    """
    shifted = bits.view(np.float64)
    for i in range(x.shape[0]):
        shifted[i] = x[i] * _LOG2E + _SHIFTER
    for i in range(x.shape[0]):
        power = shifted[i] - _SHIFTER
        r = (x[i] - power * _LN2_HIGH) - power * _LN2_LOW
        tail = 1.0 / 3628800.0 + r * (1.0 / 39916800.0 + r * (1.0 / 479001600.0))
        tail = 1.0 / 40320.0 + r * (1.0 / 362880.0 + r * tail)
        tail = 1.0 / 720.0 + r * (1.0 / 5040.0 + r * tail)
        tail = 1.0 / 24.0 + r * (1.0 / 120.0 + r * tail)
        out[i] = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * tail)))
    for i in range(x.shape[0]):
        bits[i] <<= 52
    for i in range(x.shape[0]):
        out[i] *= shifted[i]


@njit(**_JIT)
def derivatives(raw, sign, weight, theta, curvature):
    """Write minus the gradient of the loss and its curvature; return their sums."""
    slope = 0.0
    total = 0.0
    x, e = np.empty(_BLOCK), np.empty(_BLOCK)
    bits = np.empty(_BLOCK, dtype=np.int64)
    for start in range(0, raw.shape[0], _BLOCK):
        m = min(_BLOCK, raw.shape[0] - start)
        for i in range(m):
            x[i] = max(-abs(raw[start + i]), -708.0)
        exponentials(x[:m], bits[:m], e[:m])
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
    x, e = np.empty(_BLOCK), np.empty(_BLOCK)
    bits = np.empty(_BLOCK, dtype=np.int64)
    for start in range(0, raw.shape[0], _BLOCK):
        m = min(_BLOCK, raw.shape[0] - start)
        for i in range(m):
            x[i] = max(-abs(raw[start + i]), -708.0)
        exponentials(x[:m], bits[:m], e[:m])
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
