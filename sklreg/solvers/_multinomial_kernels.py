"""Kernels of multinomial logistic regression: loss and dual value.

Raw predictions and probabilities have one row a sample, one column a class.
"""

import numpy as np
from numba import njit

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
        margin = raw[i, own] - largest
        if weight[i] > 0.0:
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
def weigh_rows(rows, places, weights, classes, out):
    """Write chosen rows of a matrix, each times the weights of a class, to ``out``."""
    for e in range(places.shape[0]):
        row, weight, weighted = rows[places[e]], weights[classes[e]], out[e]
        for i in range(row.shape[0]):
            weighted[i] = row[i] * weight[i]
