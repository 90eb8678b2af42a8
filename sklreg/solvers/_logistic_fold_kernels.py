"""The logistic path of one weighting of sparse rows, all of it compiled."""

import numpy as np
from numba import njit

from sklreg.solvers._active_set_kernels import factor_support, follow
from sklreg.solvers._logistic_kernels import csc_correlate, loss_value, penalty_value
from sklreg.solvers._logistic_path_kernels import (
    certificate,
    continue_line,
    derivatives,
    find_places,
    model_at,
    take_step,
)
from sklreg.solvers._sparse_gram_kernels import rows_gram

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": FASTMATH}


@njit(**_JIT)
def _make(X, places, size, curvature, total, center, G, pull):
    """Write the Gram matrix of the places and their weighted sums."""
    chosen = places[:size]
    rows_gram(*X, chosen, chosen, True, curvature, G, pull)
    if center:
        for a in range(size):
            for b in range(size):
                G[a, b] -= pull[a] * pull[b] / total


@njit(**_JIT)
def _grow(X, places, size, fresh, curvature, total, center, G, pull):
    """Add the rows and columns of the last ``fresh`` places, of ``size`` now."""
    have = size - fresh
    block = np.empty((fresh, size))
    rows_gram(*X, places[:size], places[have:size], False, curvature, block, pull)
    for c in range(fresh):
        for b in range(size):
            value = block[c, b]
            if center:
                value -= pull[have + c] * pull[b] / total
            G[have + c, b] = value
            G[b, have + c] = value


@njit(**_JIT)
def _factor(G, size, gradient, w, l2, support, L):
    """Factor the support of w; what depends on the rest of it goes to zero."""
    count = 0
    for a in range(size):
        if w[a] != 0.0:
            support[count] = a
            count += 1
    kept = factor_support(G, support, count, l2, L)
    if kept == count:
        return kept
    left = w.copy()
    for a in range(kept):
        left[support[a]] = 0.0
    for a in range(size):
        if left[a] != 0.0:
            for b in range(size):
                gradient[b] += G[a, b] * left[a]
            w[a] = 0.0
    return kept


@njit(**_JIT)
def _holds(w, size, support, n_support):
    """Whether the support is where w is not zero."""
    count = 0
    for a in range(size):
        count += w[a] != 0.0
    if count != n_support:
        return False
    for a in range(n_support):
        if w[support[a]] == 0.0:
            return False
    return True


@njit(**_JIT)
def _rises(raw, w, moved, w_moved, l1, l2, sign, weight, rounding):
    """Whether the objective is higher where a step has led."""
    before = loss_value(raw, raw, 0.0, sign, weight) + penalty_value(w, l1, l2)
    after = loss_value(moved, moved, 0.0, sign, weight) + penalty_value(w_moved, l1, l2)
    return after > before + rounding * np.sqrt(raw.shape[0]) * abs(before)


@njit(**_JIT)
def follow_weighting(
    X,
    sign,
    weight,
    center,
    strengths,
    unit_l1,
    unit_l2,
    lower,
    upper,
    positive,
    w,
    intercept,
    raw,
    goals,
    rules,
    max_iter,
    room,
    coefs,
    intercepts,
    gaps,
    n_iters,
):
    """Take the steps of :mod:`sklreg.solvers.logistic_lockstep` for one weighting.

    ``X`` is ``(data, indices, indptr)`` without a column that has no zero, and no
    bound is finite but those of zero that ``positive`` stands for. ``goals`` are the
    duality gap asked for and the null value, ``rules`` the module's ``(needed, likely,
    pace, far, close, near, rounding, steps)``, and ``room`` is the most columns of a
    model. ``w`` and ``raw`` are where it starts, and are changed.

    Writes a row of ``coefs`` and an entry of the other outputs for each strength.
    Returns how many were solved: it stops where a step does not lead on.
    """
    goal, null_value = goals
    needed, likely, pace, far, close, near, rounding, most_steps = rules
    data, indices, indptr = X
    n, p = raw.shape[0], w.shape[0]
    every = np.arange(p)
    has_l2 = unit_l2.any()
    theta, curvature, dual = np.empty(n), np.empty(n), np.empty(n)
    moved, product, kept = np.empty(n), np.empty(n), np.empty(n)
    raw_before, w_before, before, distance = raw.copy(), w.copy(), intercept, 0.0
    slope, here, local = np.empty(p), np.empty(p), w.copy()
    w_moved = np.empty(p)
    taken = np.zeros(p, dtype=np.bool_)
    places, missing = np.empty(room, dtype=np.int64), np.empty(p, dtype=np.int64)
    G, L = np.empty((room, room)), np.empty((room, room))
    pull, inner, terms = np.empty(room), np.empty(room), np.empty((7, room))
    support = np.empty(room, dtype=np.int64)
    size, n_support = np.int64(0), np.int64(0)
    kept_total, made, stale = 1.0, False, False
    derivatives(raw, sign, weight, theta, curvature)
    csc_correlate(data, indices, indptr, every, theta, slope)
    for k in range(strengths.shape[0]):
        l1, l2 = strengths[k] * unit_l1, strengths[k] * unit_l2
        gap, gap_before, n_iter = np.inf, np.inf, 0
        made = made and not stale
        stale = False
        ahead = distance != 0.0
        if ahead:
            t = (strengths[k] - strengths[k - 1]) / distance
            ahead = continue_line(
                raw, w, raw_before, w_before, t, lower, upper, moved, w_moved, local
            )
            start = intercept + t * (intercept - before)
        if k > 0 and strengths[k] != strengths[k - 1]:
            raw_before[:], w_before[:], before = raw, w, intercept
            distance = strengths[k] - strengths[k - 1]
        if ahead:
            raw[:], w[:], intercept = moved, w_moved, start
        else:
            local[:] = w
        while not gap <= goal:
            if n_iter >= min(max_iter, most_steps):
                return k
            slope_sum, total = derivatives(raw, sign, weight, theta, curvature)
            fresh = not made or gap > pace * gap_before
            if fresh:
                taken[:] = False
                size = np.int64(0)
            count, wanting = find_places(
                slope, l1, w, every, needed, likely, taken, missing
            )
            if fresh or wanting:
                if size + count > room:
                    return k
                for c in range(count):
                    places[size + c] = missing[c]
                    taken[missing[c]] = True
                size += count
            if fresh:
                kept[:] = curvature
                kept_total, made, n_support = total, True, np.int64(-1)
                _make(X, places, size, kept, total, center, G, pull)
            elif wanting:
                _grow(X, places, size, count, kept, kept_total, center, G, pull)
            ratio = total / kept_total
            csc_correlate(data, indices, indptr, places[:size], theta, inner)
            for a in range(size):
                here[places[a]] = inner[a]
            share = slope_sum / kept_total if center else 0.0
            model_at(
                G,
                places[:size],
                every,
                here,
                pull,
                share,
                ratio,
                w,
                local,
                l1,
                l2,
                lower,
                upper,
                terms,
            )
            gradient, old, new = terms[0], terms[1], terms[2]
            if has_l2 or not _holds(new, size, support, n_support):
                n_support = _factor(G, size, gradient, new, terms[4], support, L)
            _, n_support, done = follow(
                G,
                size,
                size,
                gradient,
                new,
                terms[3],
                terms[4],
                positive,
                support,
                n_support,
                L,
                4 * size + 100,
            )
            if not done:
                return k
            product[:] = 0.0
            w_moved[:] = w
            for a in range(size):
                change = new[a] - old[a]
                j = places[a]
                w_moved[j] = new[a]
                if change != 0.0:
                    for t in range(indptr[j], indptr[j + 1]):
                        product[indices[t]] += change * data[t]
            whole = ratio * kept_total if center else np.inf
            shift = take_step(
                raw, theta, kept, ratio, slope_sum, whole, product, moved, dual
            )
            n_iter += 1
            csc_correlate(data, indices, indptr, every, dual, slope)
            gap_before = gap
            gap = certificate(
                moved,
                dual,
                slope,
                w_moved,
                intercept + shift,
                l1,
                l2,
                lower,
                upper,
                has_l2,
                sign,
                weight,
            )
            if not fresh:
                made = made and gap <= far * goal
                stale = stale or gap > close * goal
            falling = gap < min(0.5 * gap_before, near * null_value)
            if not falling and gap > goal:
                if _rises(raw, w, moved, w_moved, l1, l2, sign, weight, rounding):
                    return k
            raw[:], w[:] = moved, w_moved
            local[:] = w
            intercept += shift
        coefs[k], intercepts[k], gaps[k], n_iters[k] = w, intercept, gap, n_iter
    return strengths.shape[0]
