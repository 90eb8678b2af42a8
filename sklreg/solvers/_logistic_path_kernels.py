"""Kernels of the logistic paths: exponentials, derivatives, steps, divergences."""

import numpy as np
from numba import njit

from sklreg.solvers._log_loss_kernels import exp_of_minus
from sklreg.solvers._logistic_kernels import (
    conjugate_value,
    dual_scale,
    penalty_value,
)

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


@njit(**_JIT)
def continue_line(raw, w, raw_before, w_before, t, lower, upper, beyond, ahead, local):
    """Write where the line through two points is after ``t`` times their distance.

    ``local`` gets the coefficients with those at zero that would change their sign.
    Returns whether all of them are within their bounds.
    """
    for i in range(raw.shape[0]):
        beyond[i] = raw[i] + t * (raw[i] - raw_before[i])
    within = True
    for j in range(w.shape[0]):
        value = w[j] + t * (w[j] - w_before[j])
        ahead[j] = value
        local[j] = value if value * w[j] > 0.0 else 0.0
        within = within and lower[j] <= value <= upper[j]
    return within


@njit(**_JIT)
def find_candidates(slope, level, l1, w, lower, upper, member, excess):
    """Write by how much slopes exceed a part of their level, of columns outside.

    ``member`` tells the columns inside; a coefficient at hand is a candidate whatever
    its slope, a bound that closes the side of its slope ends all claims. Returns the
    number of candidates.
    """
    count = 0
    for j in range(slope.shape[0]):
        excess[j] = -1.0
        if member[j]:
            continue
        if w[j] != 0.0:
            excess[j] = np.inf
        elif (upper[j] if slope[j] > 0.0 else lower[j]) != 0.0:
            excess[j] = abs(slope[j]) - level * l1[j]
        if excess[j] > 0.0:
            count += 1
    return count


@njit(**_JIT)
def find_places(slope, l1, w, columns, needed, likely, taken, missing):
    """Write the likely places among the columns that are not taken yet.

    Returns their number, and whether one of them is needed.
    """
    count = 0
    wanting = False
    for c in range(columns.shape[0]):
        if c < taken.shape[0] and taken[c]:
            continue
        j = columns[c]
        held = w[j] != 0.0
        closeness = abs(slope[j])
        if held or closeness >= likely * l1[j]:
            missing[count] = c
            count += 1
            wanting = wanting or held or closeness >= needed * l1[j]
    return count, wanting


@njit(**_JIT)
def model_at(
    gram,
    places,
    columns,
    slope,
    pull,
    share,
    ratio,
    w,
    local,
    l1,
    l2,
    lower,
    upper,
    out,
):
    """Write the model's terms at ``local``, all divided by ``ratio``, to ``out``.

    Its rows are the gradient there, the coefficients at hand, those of ``local``, and
    the penalties and bounds of the columns in the model. ``slope`` is that of all the
    columns; those after the model's own step of the intercept are less ``share`` times
    the pull.
    """
    gradient, old, new = out[0], out[1], out[2]
    size = places.shape[0]
    for a in range(size):
        j = columns[places[a]]
        gradient[a] = (slope[places[a]] - share * pull[a]) / ratio
        old[a] = w[j]
        new[a] = local[j]
        out[3, a], out[4, a] = l1[j] / ratio, l2[j] / ratio
        out[5, a], out[6, a] = lower[j], upper[j]
    for a in range(size):
        change = new[a] - old[a]
        if change != 0.0:
            row = gram[a]
            for b in range(size):
                gradient[b] -= change * row[b]


@njit(**_JIT)
def certificate(
    raw, dual, slope, w, intercept, l1, l2, lower, upper, has_l2, sign, weight
):
    """Return the duality gap of the dual point, scaled to where it is feasible.

    ``slope`` holds the products of all columns with it.
    """
    scale = 1.0
    if not has_l2:
        scale = dual_scale(slope, w, l1, l2, lower, upper)
    gap, drift = divergence(raw, dual, scale, sign, weight)
    gap += conjugate_value(slope, scale, l1, l2, lower, upper)
    gap += penalty_value(w, l1, l2)
    product = 0.0
    for j in range(w.shape[0]):
        product += slope[j] * w[j]
    return gap - scale * product - intercept * drift
