"""Stochastic descent in batches, with noise, momentum and Adam: one block of steps.

The step, in this order: the rows come augmented; the weights are perturbed for the
slope only; gradient noise; optimiser step; penalty; norm constraint; average. Every
random number is handed in.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from sklreg._losses_kernels import value
from sklreg.solvers._row_kernels import add, dot, row_square, span, square, truncated
from sklreg.solvers._stochastic_kernels import (
    AVERAGE_INTERCEPT,
    ETA,
    INTERCEPT,
    PA1,
    UPDATES,
    T,
    U,
    clipped_slope,
    learning_rate,
    step_size,
)

SGD, ADAM = range(2)
OPTIMIZERS = {"sgd": SGD, "adam": ADAM}

# Totals of a call: losses, penalties, rows, largest squared norm after an update.
LOSS_SUM, PENALTY_SUM, ROWS, LARGEST_SQUARE, N_TOTALS = range(5)

_jit = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})


class Optimizer(NamedTuple):
    """How a gradient becomes a step."""

    kind: int
    momentum: float
    nesterov: bool
    beta_1: float
    beta_2: float
    epsilon: float


@_jit
def _moves(optimizer, slope, eta, first, second, updates):
    """Turn the gradient in `slope` into the move to add to the parameters."""
    if optimizer.kind == ADAM:
        first_bias = 1.0 - optimizer.beta_1**updates
        second_bias = 1.0 - optimizer.beta_2**updates
        for j in range(slope.size):
            g = slope[j]
            first[j] += (1.0 - optimizer.beta_1) * (g - first[j])
            second[j] += (1.0 - optimizer.beta_2) * (g * g - second[j])
            spread = math.sqrt(second[j] / second_bias) + optimizer.epsilon
            slope[j] = -eta * (first[j] / first_bias) / spread
    elif optimizer.momentum > 0.0:
        for j in range(slope.size):
            move = -eta * slope[j]
            velocity = optimizer.momentum * first[j] + move
            first[j] = velocity
            if optimizer.nesterov:
                slope[j] = optimizer.momentum * velocity + move
            else:
                slope[j] = velocity
    else:
        for j in range(slope.size):
            slope[j] *= -eta


@_jit
def _descend(settings, w, q, moves, shrink, u):
    """Apply decay, moves and L1 truncation; return the penalty before them."""
    squares = 0.0
    absolute = 0.0
    if settings.l1 > 0.0:
        for j in range(w.size):
            squares += w[j] * w[j]
            absolute += abs(w[j])
            old = w[j] * shrink + moves[j]
            w[j] = truncated(old, q[j], u, 1.0)
            q[j] += w[j] - old
    else:
        for j in range(w.size):
            squares += w[j] * w[j]
            w[j] = w[j] * shrink + moves[j]
    return 0.5 * settings.l2 * squares + settings.l1 * absolute


@_jit
def batches(
    X,
    indices,
    indptr,
    y,
    sample_weight,
    batch_size,
    settings,
    optimizer,
    weight_noise,
    gradient_noise,
    w,
    q,
    aw,
    first,
    second,
    slope,
    scalars,
    totals,
):
    """Take one step for each `batch_size` rows, in the order of the rows.

    `slope`, `first` and `second` have one entry more than `w`, for the intercept.
    """
    p = w.size
    n = y.size
    intercept = scalars[INTERCEPT]
    t = scalars[T]
    eta = scalars[ETA]
    limit = settings.max_norm * (1.0 - 1e-12)
    for step in range((n + batch_size - 1) // batch_size):
        start = step * batch_size
        stop = min(n, start + batch_size)
        eta = learning_rate(settings, t, eta)
        rate = 1.0 if settings.schedule >= PA1 else eta
        slope[:] = 0.0
        for i in range(start, stop):
            r, first_place, last_place = span(X, indptr, i)
            target = np.float64(y[i])
            raw = dot(w, X, indices, r, first_place, last_place) + intercept
            if weight_noise.size:
                noise = weight_noise[step]
                raw += dot(noise, X, indices, r, first_place, last_place)
            loss = value(settings.loss, target, raw, settings.loss_param)
            # NaN, which is found at the end of the epoch, where a prediction overflows
            totals[LOSS_SUM] += loss if abs(raw) < np.inf else np.nan
            if settings.schedule >= PA1:
                row_norm = row_square(X, r, first_place, last_place)
                if row_norm == 0.0:
                    continue
                pull = -step_size(settings, eta, target, raw, loss, row_norm)
            else:
                pull = clipped_slope(settings, target, raw)
            pull *= sample_weight[i] / (stop - start)
            if pull != 0.0:
                add(slope, X, indices, r, first_place, last_place, pull)
                slope[p] += pull
        if gradient_noise.size:
            for j in range(p):
                slope[j] += gradient_noise[step, j]

        scalars[UPDATES] += 1.0
        _moves(optimizer, slope, rate, first, second, scalars[UPDATES])
        shrink = max(0.0, 1.0 - settings.l2 * eta)
        scalars[U] += settings.l1 * eta
        totals[PENALTY_SUM] += (stop - start) * _descend(
            settings, w, q, slope, shrink, scalars[U]
        )
        totals[ROWS] += stop - start
        if settings.fit_intercept:
            intercept += slope[p] * settings.intercept_decay

        if settings.max_norm < np.inf:
            norm = math.sqrt(square(w))
            if norm > limit:
                w *= limit / norm
                norm = limit
            totals[LARGEST_SQUARE] = max(totals[LARGEST_SQUARE], norm * norm)
        if 0 < settings.average <= t:
            share = 1.0 / (t - settings.average + 1.0)
            for j in range(p):
                aw[j] += (w[j] - aw[j]) * share
            scalars[AVERAGE_INTERCEPT] += (
                intercept - scalars[AVERAGE_INTERCEPT]
            ) * share
        t += 1.0
    scalars[INTERCEPT] = intercept
    scalars[T] = t
    scalars[ETA] = eta
