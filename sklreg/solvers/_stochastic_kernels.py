"""Stochastic descent one sample at a time: every epoch of a fit in one call."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from sklreg._losses_kernels import gradient, value
from sklreg.solvers._row_kernels import (
    AHEAD,
    BURST,
    add,
    add_and_measure,
    add_and_truncate,
    dot,
    fetch,
    fetch_places,
    row_square,
    span,
    square,
    touched_square,
)

# Learning-rate schedules.
CONSTANT, OPTIMAL, INVSCALING, ADAPTIVE, PA1, PA2 = range(6)
SCHEDULES = {
    "constant": CONSTANT,
    "optimal": OPTIMAL,
    "invscaling": INVSCALING,
    "adaptive": ADAPTIVE,
    "pa1": PA1,
    "pa2": PA2,
}

# Places in the vector of scalars that a learner carries from call to call.
(
    INTERCEPT,
    T,
    ETA,
    WSCALE,
    AVERAGE_A,
    AVERAGE_B,
    AVERAGE_INTERCEPT,
    U,
    SQ_NORM,
    L1_NORM,
    BEST,
    STALE,
    UPDATES,
    N_SCALARS,
) = range(14)

# Columns of the record of an epoch.
LOSS, RATE, NORM, LARGEST_NORM, N_COLUMNS = range(5)

# What an epochs call came back with.
RUNNING, CONVERGED, OVERFLOW = range(3)

# A slope beyond this would only overflow the weights.
MAX_SLOPE = 1e12
# Below this scale the weights are rescaled in full, before they lose precision.
MIN_WSCALE = 1e-9
# Updates between two full sums of the squared norm, which drifts by rounding.
RESUM = 1024

_jit = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})


class Settings(NamedTuple):
    """What stays fixed during a fit, in the kernels' terms."""

    loss: int
    loss_param: float
    l1: float  # alpha * l1_ratio
    l2: float  # alpha * (1 - l1_ratio)
    alpha: float
    schedule: int
    eta0: float
    power_t: float
    optimal_offset: float
    fit_intercept: bool
    intercept_decay: float
    average: int  # update from which the weights are averaged, 0 for never
    max_norm: float  # inf for no constraint
    tol: float  # -inf for no stopping on the training loss
    patience: int
    shuffle: bool


@_jit
def permutation(n, seed):
    """Return the Fisher-Yates permutation that scikit-learn's data sets draw.

    Its generator is the 32-bit xorshift of Marsaglia (2003), with the seed passed by
    value: every epoch of a fit applies this same permutation to the order before it.
    """
    order = np.arange(n).astype(np.int32)
    random = np.uint32(seed)
    if random == 0:
        random = np.uint32(1)
    for i in range(n - 1):
        random ^= np.uint32(random << np.uint32(13))
        random ^= np.uint32(random >> np.uint32(17))
        random ^= np.uint32(random << np.uint32(5))
        j = i + np.int64(random & np.uint32(0x7FFFFFFF)) % (n - i)
        order[i], order[j] = order[j], order[i]
    return order


@_jit
def fold_scale(w, aw, scalars):
    """Write the scalar factors into the weights and their average."""
    if aw.size:
        aw += scalars[AVERAGE_A] * w
        aw /= scalars[AVERAGE_B]
        scalars[AVERAGE_A] = 0.0
        scalars[AVERAGE_B] = 1.0
    w *= scalars[WSCALE]
    scalars[WSCALE] = 1.0


@njit(cache=True, nogil=True, fastmath=False)
def _moved(intercept, step, decay):
    # not fused (False has to be said, or the caller's flags are inherited): where all
    # weights are zero a perceptron asks whether steps of the intercept cancel exactly
    return intercept + step * decay


@_jit
def learning_rate(settings, t, eta):
    """Return the step size of update `t` (counted from 1)."""
    if settings.schedule == OPTIMAL:
        return 1.0 / (settings.alpha * (settings.optimal_offset + t - 1.0))
    elif settings.schedule == INVSCALING:
        return settings.eta0 / t**settings.power_t
    return eta


@_jit
def clipped_slope(settings, target, raw):
    """Return the derivative of the loss in the raw prediction, within bounds."""
    slope = gradient(settings.loss, target, raw, settings.loss_param)
    if slope > MAX_SLOPE:
        return MAX_SLOPE
    elif slope < -MAX_SLOPE:
        return -MAX_SLOPE
    return slope  # NaN stays, and is found at the end of the epoch


@_jit
def step_size(settings, eta, target, raw, loss, row_norm):
    """Return how far to move along the row: ``-eta * slope``, or the PA step.

    `row_norm` is the squared norm of the row, for the passive-aggressive steps only.
    """
    if settings.schedule < PA1:
        return -eta * clipped_slope(settings, target, raw)
    if settings.schedule == PA1:
        size = min(settings.eta0, loss / row_norm)
    else:
        size = loss / (row_norm + 0.5 / settings.eta0)
    # downhill, as the slope says; the loss is hinge or epsilon insensitive
    return -size * gradient(settings.loss, target, raw, settings.loss_param)


@_jit
def _epoch(
    X, indices, indptr, y, sample_weight, order, skip, settings, w, q, aw, scalars
):
    """Visit every row once.

    Returns the mean loss, the mean objective, and the largest norm that the weights
    had after an update (0 without a constraint on it).
    """
    intercept = scalars[INTERCEPT]
    t = scalars[T]
    eta = scalars[ETA]
    wscale = scalars[WSCALE]
    u = scalars[U]
    sq_norm = scalars[SQ_NORM]
    l1_norm = scalars[L1_NORM]
    passive_aggressive = settings.schedule >= PA1
    penalised = settings.l1 > 0.0 or settings.l2 > 0.0
    measure = penalised and settings.tol > -np.inf and not passive_aggressive
    constrained = settings.max_norm < np.inf
    # a hair inside, so that rounding cannot carry the norm outside
    limit = settings.max_norm * (1.0 - 1e-12)
    true_square = 0.0
    if constrained:
        true_square = square(w) * wscale * wscale
    largest = 0.0
    total_loss = 0.0
    total_penalty = 0.0
    seen = 0
    n = order.size
    for i in range(n):
        if i % BURST == 0:
            fetch_places(X, indices, indptr, y, sample_weight, order, i)
        if i + AHEAD < n:
            r, start, stop = span(X, indptr, order[i + AHEAD])
            fetch(X, indices, r, start, stop)
        row = order[i]
        if skip.size and skip[row]:
            continue
        seen += 1
        r, start, stop = span(X, indptr, row)
        target = np.float64(y[row])
        raw = dot(w, X, indices, r, start, stop) * wscale + intercept
        eta = learning_rate(settings, t, eta)
        loss = value(settings.loss, target, raw, settings.loss_param)
        # NaN is found at the end of the epoch: fused sums of opposite overflows are
        # not NaN by themselves, and weights would wander on
        total_loss += loss if abs(raw) < np.inf else np.nan
        if measure:
            total_penalty += 0.5 * settings.l2 * sq_norm + settings.l1 * l1_norm
        row_norm = row_square(X, r, start, stop) if passive_aggressive else 0.0
        if settings.schedule == PA1 and row_norm == 0.0:
            continue
        step = step_size(settings, eta, target, raw, loss, row_norm)
        step *= sample_weight[row]

        if settings.l2 > 0.0:
            shrink = max(0.0, 1.0 - settings.l2 * eta)
            wscale *= shrink
            sq_norm *= shrink * shrink
            true_square *= shrink * shrink
            l1_norm *= shrink
            if wscale < MIN_WSCALE:
                scalars[WSCALE] = wscale
                fold_scale(w, aw, scalars)
                wscale = 1.0
        before = touched_square(w, indices, start, stop) if constrained else 0.0
        squares, absolute = 0.0, 0.0
        if settings.l1 > 0.0:
            u += settings.l1 * eta
            squares, absolute = add_and_truncate(
                w, q, X, indices, r, start, stop, step / wscale, u, wscale
            )
        elif measure and step != 0.0:
            squares, absolute = add_and_measure(
                w, X, indices, r, start, stop, step / wscale
            )
        elif step != 0.0:
            add(w, X, indices, r, start, stop, step / wscale)
        if step != 0.0:
            sq_norm = squares * wscale * wscale
            l1_norm = absolute * wscale
            if settings.fit_intercept:
                intercept = _moved(intercept, step, settings.intercept_decay)

        if 0 < settings.average <= t:
            count = t - settings.average + 1.0
            # the average is (aw + a w) / b: only what touches w otherwise than by
            # its scale has to be written (Bottou, 2012, Stochastic gradient tricks)
            if step != 0.0:
                away = -scalars[AVERAGE_A] * step / wscale
                add(aw, X, indices, r, start, stop, away)
            if count > 1.0:
                scalars[AVERAGE_B] /= 1.0 - 1.0 / count
            scalars[AVERAGE_A] += scalars[AVERAGE_B] * wscale / count
            scalars[AVERAGE_INTERCEPT] += (
                intercept - scalars[AVERAGE_INTERCEPT]
            ) / count

        if constrained:
            if seen % RESUM == 0:
                true_square = square(w) * wscale * wscale
            else:
                change = touched_square(w, indices, start, stop) - before
                true_square += change * wscale * wscale
            if true_square > limit * limit:
                wscale *= limit / math.sqrt(true_square)
                true_square = limit * limit
            largest = max(largest, true_square)
        t += 1.0

    scalars[INTERCEPT] = intercept
    scalars[T] = t
    scalars[ETA] = eta
    scalars[WSCALE] = wscale
    scalars[U] = u
    scalars[SQ_NORM] = sq_norm
    scalars[L1_NORM] = l1_norm
    return total_loss / seen, (total_loss + total_penalty) / seen, math.sqrt(largest)


@_jit
def plateau(settings, objective, scalars):
    """Return whether the objective has stalled; cut an adaptive rate first.

    The rule of :class:`sklreg.solvers.early_stopping.EarlyStopping`, here so that an
    epoch need not return to Python.
    """
    if settings.tol > -np.inf and objective > scalars[BEST] - settings.tol:
        scalars[STALE] += 1.0
    else:
        scalars[STALE] = 0.0
    scalars[BEST] = min(scalars[BEST], objective)
    if scalars[STALE] < settings.patience:
        return False
    if settings.schedule == ADAPTIVE and scalars[ETA] > 1e-6:
        scalars[ETA] /= 5.0
        scalars[STALE] = 0.0
        return False
    return True


@_jit
def finite(w, intercept):
    """Return whether no weight has overflowed."""
    # by comparison: that 0 * w or w - w is 0 may be taken for granted where sums may be
    # reordered, and then nothing is found
    overflown = 0
    for j in range(w.size):
        overflown += not abs(w[j]) < np.inf
    return overflown == 0 and abs(intercept) < np.inf


@_jit
def epochs(
    X,
    indices,
    indptr,
    y,
    sample_weight,
    order,
    shuffling,
    skip,
    settings,
    w,
    q,
    aw,
    scalars,
    records,
):
    """Run up to ``len(records)`` epochs; return their number and the outcome."""
    spare = np.empty_like(order) if settings.shuffle else order
    for epoch in range(records.shape[0]):
        if settings.shuffle:
            for i in range(order.size):
                spare[i] = order[shuffling[i]]
            order[:] = spare
        loss, objective, largest = _epoch(
            X,
            indices,
            indptr,
            y,
            sample_weight,
            order,
            skip,
            settings,
            w,
            q,
            aw,
            scalars,
        )
        records[epoch, LOSS] = loss
        records[epoch, RATE] = scalars[ETA]
        records[epoch, NORM] = math.sqrt(square(w)) * scalars[WSCALE]
        records[epoch, LARGEST_NORM] = largest
        if math.isnan(loss) or not finite(w, scalars[INTERCEPT]):
            return epoch + 1, OVERFLOW
        if plateau(settings, objective, scalars):
            return epoch + 1, CONVERGED
    return records.shape[0], RUNNING
