"""Scalar forms of the losses, for kernels that visit one sample at a time.

A loss is chosen by an integer of :data:`CODES`, since numba caches no kernel that takes
functions. `param` is the loss's one parameter (``epsilon`` or ``threshold``), of which
:data:`PARAMETERS` gives the name; losses without one ignore it. Targets are as in
:mod:`sklreg.losses`.
"""

import math

from numba import njit

__all__ = ["CODES", "PARAMETERS", "gradient", "value"]

SQUARED_ERROR = 0
HUBER = 1
EPSILON_INSENSITIVE = 2
SQUARED_EPSILON_INSENSITIVE = 3
LOG_LOSS = 4
HINGE = 5
SQUARED_HINGE = 6
MODIFIED_HUBER = 7
POISSON = 8

CODES = {
    "squared_error": SQUARED_ERROR,
    "huber": HUBER,
    "epsilon_insensitive": EPSILON_INSENSITIVE,
    "squared_epsilon_insensitive": SQUARED_EPSILON_INSENSITIVE,
    "log_loss": LOG_LOSS,
    "hinge": HINGE,
    "perceptron": HINGE,
    "squared_hinge": SQUARED_HINGE,
    "modified_huber": MODIFIED_HUBER,
    "poisson": POISSON,
}

PARAMETERS = {
    "huber": "epsilon",
    "epsilon_insensitive": "epsilon",
    "squared_epsilon_insensitive": "epsilon",
    "hinge": "threshold",
    "perceptron": "threshold",
}

_jit = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})


@_jit
def value(code, y, p, param):
    """Return the loss of raw prediction `p` for target `y`."""
    if code == SQUARED_ERROR:
        return 0.5 * (p - y) * (p - y)
    if code == LOG_LOSS:
        # max(p, 0) + log(1 + e^-|p|) is log(1 + e^p) without overflow
        return max(p, 0.0) - y * p + math.log1p(math.exp(-abs(p)))
    if code == HINGE:
        return max(param - y * p, 0.0)
    if code == SQUARED_HINGE:
        shortfall = max(1.0 - y * p, 0.0)
        return shortfall * shortfall
    if code == MODIFIED_HUBER:
        margin = y * p
        if margin >= 1.0:
            return 0.0
        if margin >= -1.0:
            return (1.0 - margin) * (1.0 - margin)
        return -4.0 * margin
    if code == POISSON:
        least = y - y * math.log(y) if y > 0.0 else 0.0
        return math.exp(p) - y * p - least
    size = abs(p - y)
    if code == HUBER:
        if size <= param:
            return 0.5 * size * size
        return param * (size - 0.5 * param)
    excess = max(size - param, 0.0)
    if code == EPSILON_INSENSITIVE:
        return excess
    return excess * excess


@_jit
def gradient(code, y, p, param):
    """Return the derivative in `p` of the loss, a subgradient at a kink."""
    if code == SQUARED_ERROR:
        return p - y
    if code == LOG_LOSS:
        if p >= 0.0:
            small = math.exp(-p)
            return ((1.0 - y) - y * small) / (1.0 + small)
        small = math.exp(p)
        return ((1.0 - y) * small - y) / (1.0 + small)
    if code == HINGE:
        return -y if y * p <= param else 0.0
    if code == SQUARED_HINGE:
        return -2.0 * y * max(1.0 - y * p, 0.0)
    if code == MODIFIED_HUBER:
        margin = y * p
        if margin >= 1.0:
            return 0.0
        if margin >= -1.0:
            return -2.0 * y * (1.0 - margin)
        return -4.0 * y
    if code == POISSON:
        return math.exp(p) - y
    residual = p - y
    if code == HUBER:
        return min(max(residual, -param), param)
    if code == EPSILON_INSENSITIVE:
        if residual > param:
            return 1.0
        return -1.0 if residual < -param else 0.0
    excess = residual - min(max(residual, -param), param)
    return 2.0 * excess
