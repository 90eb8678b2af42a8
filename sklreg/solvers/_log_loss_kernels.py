"""The log loss of many rows at once, in loops that compilers turn into vectors.

``math.exp`` and ``math.log`` are calls, row by row. Here both are polynomials without a
branch: powers of two are taken out by their bits, the rest is a series (after the
reductions of Sun's fdlibm), right to about one unit in the last place.
"""

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
# Without the exception for division by zero there is no branch in a loop.
_JIT = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": FASTMATH}
# Reordered, sums that are split to keep their last digits would lose them.
_ORDERED = {**_JIT, "fastmath": {"contract"}}

_LN2 = 0.6931471805599453
# ln 2 in two parts, the first of which times a small integer is exact.
_LN2_HEAD, _LN2_TAIL = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_PER_LN2 = 1.4426950408889634
_SQRT2_LESS_ONE = 0.41421356237309503
_BITS_OF_SQRT_HALF = 4604544271217802189
_LEAST = 1e-300
_OUTSIDE = 1e-15


@njit(**_ORDERED)
def exp_of_minus(x):
    """Return ``exp(-x)`` for x >= 0, nowhere less than the least normal number."""
    x = min(x, 708.0)
    power = np.floor(0.5 - x * _PER_LN2)
    r = (-x - power * _LN2_HEAD) - power * _LN2_TAIL
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return p * np.int64((np.int64(np.int32(power)) + 1023) << 52).view(np.float64)


@njit(**_ORDERED)
def _log_about_one(f):
    """Return ``log(1 + f)`` where 1 + f is between the roots of 1/2 and of 2."""
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = 2.222219843214978396e-01 + w * 1.531383769920937332e-01
    odd = w * (3.999999999940941908e-01 + w * odd)
    even = 1.818357216161805012e-01 + w * 1.479819860511658591e-01
    even = 6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * even)
    half = 0.5 * f * f
    return f - (half - s * (half + (odd + z * even)))


@njit(**_ORDERED)
def log_of_one_plus(x):
    """Return ``log(1 + x)`` for x between 0 and 1."""
    upper = x > _SQRT2_LESS_ONE
    f = 0.5 * (x - 1.0) if upper else x
    return _log_about_one(f) + (_LN2 if upper else 0.0)


@njit(**_ORDERED)
def log_of(x):
    """Return ``log(x)`` for a normal positive x."""
    bits = np.float64(x).view(np.int64)
    power = np.int32((bits - _BITS_OF_SQRT_HALF) >> 52)
    rest = np.int64(bits - (np.int64(power) << 52)).view(np.float64)
    return np.float64(power) * _LN2 + _log_about_one(rest - 1.0)


@njit(**_JIT)
def evaluate_along(raw, step, length, shift, sign, weight, theta, curvature):
    """Evaluate the weighted log loss at ``raw + length * (step + shift)``.

    Writes minus its gradient and its curvature in the predictions; returns the loss,
    and the sums of what was written.
    """
    loss, drift, mass = 0.0, 0.0, 0.0
    for i in range(raw.shape[0]):
        margin = sign[i] * (raw[i] + length * (step[i] + shift))
        e = exp_of_minus(abs(margin))
        loss += weight[i] * (log_of_one_plus(e) - min(margin, 0.0))
        share = 1.0 / (1.0 + e)
        slope = weight[i] * sign[i] * (e if margin > 0.0 else 1.0) * share
        bend = weight[i] * e * share * share
        theta[i] = slope
        curvature[i] = bend
        drift += slope
        mass += bend
    return loss, drift, mass


@njit(**_JIT)
def entropy(theta, scale, sign, weight):
    """Return the dual's loss term at ``scale * theta``, minus infinity if outside."""
    total, outside = 0.0, 0.0
    for i in range(theta.shape[0]):
        s = weight[i]
        a = scale * theta[i] * sign[i] / (s if s > 0.0 else 1.0)
        outside += 1.0 if a < -_OUTSIDE or a > 1.0 + _OUTSIDE else 0.0
        a = min(max(a, _LEAST), 1.0)
        b = max(1.0 - a, _LEAST)
        total -= s * (a * log_of(a) + b * log_of(b))
    return -np.inf if outside > 0.0 else total
