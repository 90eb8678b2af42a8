"""Kernels of logistic regression under many weightings: steps, gaps, secant models.

A model of the loss has the curvature ``scale * G + V diag(c) V'``: a Gram matrix that
many weightings share, and what the steps of this one have taught, as in the method of
Broyden, Fletcher, Goldfarb and Shanno.
"""

import numpy as np
from numba import njit

from sklreg.solvers._log_loss_kernels import entropy, evaluate_along
from sklreg.solvers._logistic_kernels import (
    box_threshold,
    conjugate_value,
    dual_scale,
    penalty_value,
)

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": FASTMATH}

_HALVINGS = 30
_SWEEPS = 40
# Sweeps end when one finds no slope off by more than this part of what the first did.
_SETTLED = 0.03
# A step that tells of no curvature to speak of teaches nothing.
_FLAT = 1e-6


@njit(**_JIT)
def advance(
    product,
    center,
    raw,
    sign,
    weight,
    theta,
    curvature,
    sums,
    seen,
    w,
    new,
    l1,
    l2,
    slack,
):
    """Backtrack from w towards ``new``, whose product with the columns is given.

    Moves raw, theta, curvature, their ``sums`` (loss, of theta, of the curvature) and
    w along. In the place of the product it leaves how the dual point, theta made to
    sum to zero along the curvature, has changed in single precision since ``seen``,
    which moves along. Returns the length of the step, zero if none lowers the
    objective, and the step of the intercept.
    """
    pull, rise = 0.0, 0.0
    for i in range(raw.shape[0]):
        pull += curvature[i] * product[i]
        rise += theta[i] * product[i]
    shift = 0.0
    if center and sums[2] > 0.0:
        shift = (sums[1] - pull) / sums[2]
    charge = penalty_value(w, l1, l2)
    before = sums[0] + charge
    promise = penalty_value(new, l1, l2) - charge - rise - shift * sums[1]
    slack *= raw.shape[0] ** 0.5 * abs(before)
    length = 1.0
    trial = new.copy()
    for _ in range(_HALVINGS):
        loss, drift, mass = evaluate_along(
            raw, product, length, shift, sign, weight, theta, curvature
        )
        value = loss + penalty_value(trial, l1, l2)
        if value <= before + 1e-4 * length * min(promise, 0.0) + slack:
            break
        length *= 0.5
        for j in range(w.shape[0]):
            trial[j] = w[j] + length * (new[j] - w[j])
    else:
        length = 0.0
        loss, drift, mass = evaluate_along(
            raw, product, length, shift, sign, weight, theta, curvature
        )
    if length > 0.0:
        for j in range(w.shape[0]):
            w[j] = trial[j]
        for i in range(raw.shape[0]):
            raw[i] += length * (product[i] + shift)
    sums[0], sums[1], sums[2] = loss, drift, mass
    ratio = drift / mass if center and mass > 0.0 else 0.0
    for i in range(raw.shape[0]):
        change = np.float32(theta[i] - ratio * curvature[i] - seen[i])
        product[i] = change
        seen[i] += change
    return length, length * shift


@njit(**_JIT)
def duality_gap(loss, theta, slope, w, l1, l2, lower, upper, sign, weight):
    """Return the gap at the better of theta and its multiple within the levels.

    Also returns how far off the slopes are: by how much that multiple is less than
    theta, and at least the gap, as a part of the objective.
    """
    value = loss + penalty_value(w, l1, l2)
    scale = dual_scale(slope, w, l1, l2, lower, upper)
    best = -np.inf
    c = scale
    while True:
        conjugate = conjugate_value(slope, c, l1, l2, lower, upper)
        if conjugate < np.inf:
            best = max(best, entropy(theta, c, sign, weight) - conjugate)
        if c == 1.0:
            break
        c = 1.0
    gap = value - best
    return gap, max(gap / value, 1.0 / scale - 1.0)


@njit(**_JIT)
def learn(step, pull, turn, V, c, rank, square):
    """Give the model the curvature met along a step; return its new rank.

    ``pull`` is what the model said that the slopes would change by, ``turn`` what they
    did. ``square`` is the diagonal of the model.
    """
    met, said = 0.0, 0.0
    for j in range(step.shape[0]):
        met += step[j] * turn[j]
        said += step[j] * pull[j]
    if rank + 2 > V.shape[1] or not said > 0.0 or not met > _FLAT * said:
        return rank
    c[rank], c[rank + 1] = 1.0 / met, -1.0 / said
    for j in range(step.shape[0]):
        V[j, rank], V[j, rank + 1] = turn[j], pull[j]
        moved = turn[j] * turn[j] / met - pull[j] * pull[j] / said
        # positive but for rounding
        square[j] = max(square[j] + moved, 1e-12 * square[j])
    return rank + 2


@njit(**_JIT)
def descend(G, scale, V, c, rank, square, slope, w, l1, l2, lower, upper, new, pull):
    """Minimise the model and penalty in a box from w by coordinate descent.

    Writes the minimiser to ``new`` and the model's curvature times the step to
    ``pull``. Returns whether the sweeps have settled.
    """
    m = w.shape[0]
    gradient = slope.copy()
    share = np.zeros(rank)
    for j in range(m):
        new[j] = w[j]
    first = 0.0
    for sweep in range(_SWEEPS):
        worst = 0.0
        for j in range(m):
            bend = square[j]
            if bend + l2[j] <= 0.0:
                continue
            g = gradient[j]
            for k in range(rank):
                g -= V[j, k] * share[k]
            old = new[j]
            new[j] = box_threshold(
                g + bend * old, bend, l1[j], l2[j], lower[j], upper[j]
            )
            change = new[j] - old
            if change != 0.0:
                worst = max(worst, (bend + l2[j]) * abs(change))
                for k in range(rank):
                    share[k] += c[k] * change * V[j, k]
                amount = scale * change
                for k in range(m):
                    gradient[k] -= amount * G[j, k]
        if sweep == 0:
            first = worst
        elif worst <= _SETTLED * first:
            break
    for j in range(m):
        total = slope[j] - gradient[j]
        for k in range(rank):
            total += V[j, k] * share[k]
        pull[j] = total
    return worst <= _SETTLED * first
