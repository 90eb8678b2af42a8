"""Coordinate descent kernels: on a Gram matrix, on a dense panel.

All of them minimise, over the columns of a working set,

    1/2 ||b - A w||^2 + sum_j l1_j |w_j| + l2_j / 2 w_j^2     (w >= 0 if positive)

and stop on the duality gap of that problem. A coordinate order is handed in:
``order`` is empty for cyclic sweeps, else row ``s`` holds the random integers of
sweep ``s``.
"""

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "fastmath": FASTMATH}

# Iterates that one Anderson extrapolation combines.
MEMORY = 5
# Sign changes that one exact step may meet before sweeps take over again.
_DROPS = 16
# A pivot this small next to its diagonal marks a dependent column.
_SINGULAR = 1e-13


@njit(**_JIT)
def soft_threshold(z, level, positive):
    """Return the proximal point of ``level * |w|`` at z."""
    if z > level:
        return z - level
    if z < -level and not positive:
        return z + level
    return 0.0


@njit(**_JIT)
def duality_gap(w, gradient, l1, l2, square, with_target, positive):
    """Return ``(gap, scale)`` for the residual r and the dual point ``scale * r``.

    ``gradient`` is ``A^T r``, ``square`` is ``r^T r``, ``with_target`` is ``r^T b``.
    Where ``l2 > 0`` the conjugate of the penalty is finite everywhere and the
    unscaled residual is tried as well. Without any penalty there is no dual
    point to be had and the squared norm of the gradient stands in for the gap.
    """
    penalty = 0.0
    scale = 1.0
    all_l2 = True
    unpenalised = True
    for j in range(w.shape[0]):
        penalty += l1[j] * abs(w[j]) + 0.5 * l2[j] * w[j] * w[j]
        if l2[j] == 0.0:
            all_l2 = False
        if l1[j] > 0.0 or l2[j] > 0.0:
            unpenalised = False
        if l1[j] > 0.0:
            slope = gradient[j] - l2[j] * w[j]
            if not positive:
                slope = abs(slope)
            if slope * scale > l1[j]:
                scale = l1[j] / slope
    if unpenalised:
        total = 0.0
        for j in range(w.shape[0]):
            g = gradient[j]
            if not positive or g > 0.0 or w[j] > 0.0:
                total += g * g
        return total, 1.0
    primal = 0.5 * square + penalty
    dual = scale * with_target - 0.5 * scale * scale * square
    whole = with_target - 0.5 * square
    for j in range(w.shape[0]):
        if l2[j] > 0.0:
            slope = gradient[j] if positive else abs(gradient[j])
            excess = max(0.0, scale * slope - l1[j])
            dual -= excess * excess / (2.0 * l2[j])
            excess = max(0.0, slope - l1[j])
            whole -= excess * excess / (2.0 * l2[j])
        elif l1[j] == 0.0:
            dual -= gradient[j] * gradient[j]
    if all_l2 and whole > dual:
        return primal - whole, 1.0
    return primal - dual, scale


@njit(**_JIT)
def duality_gaps(
    W, C, l1s, l2s, l1_factor, l2_factor, squares, with_target, positive, gaps
):
    """Write the gap of every row of ``W``, whose gradients are the rows of ``C``."""
    for k in range(l1s.shape[0]):
        gaps[k], _ = duality_gap(
            W[k],
            C[k],
            l1s[k] * l1_factor,
            l2s[k] * l2_factor,
            squares[k],
            with_target[k],
            positive,
        )


@njit(**_JIT)
def violators(w, gradient, l1, member, positive, columns, excess):
    """Write the columns at zero, no members yet, whose gradient is above its level.

    Writes by how much, too, and returns how many there are.
    """
    count = 0
    for j in range(w.shape[0]):
        if w[j] == 0.0 and not member[j]:
            slope = gradient[j] if positive else abs(gradient[j])
            if slope > l1[j]:
                columns[count] = j
                excess[count] = slope - l1[j]
                count += 1
    return count


@njit(**_JIT)
def screen(active, n_active, w, gradient, l1, l2, squares, gap, scale, positive):
    """Gap safe rule (Ndiaye et al. 2017): keep what may be nonzero at the optimum.

    Returns the number kept; nonzero coefficients are kept for the sweeps to drop.
    """
    radius = np.sqrt(2.0 * max(gap, 0.0))
    kept = 0
    for a in range(n_active):
        j = active[a]
        slope = scale * (gradient[j] - l2[j] * w[j])
        if not positive:
            slope = abs(slope)
        if w[j] != 0.0 or slope + radius * np.sqrt(squares[j] + l2[j]) >= l1[j]:
            active[kept] = j
            kept += 1
    return kept


@njit(**_JIT)
def _factor(G, support, n_support, l2, L):
    """Cholesky factor of ``G + diag(l2)`` on the support; dependent columns get 0."""
    for a in range(n_support):
        i = support[a]
        for c in range(a):
            total = G[i, support[c]]
            for k in range(c):
                total -= L[a, k] * L[c, k]
            L[a, c] = total / L[c, c] if L[c, c] > 0.0 else 0.0
        diagonal = G[i, i] + l2[i]
        total = diagonal
        for k in range(a):
            total -= L[a, k] * L[a, k]
        L[a, a] = np.sqrt(total) if total > _SINGULAR * diagonal else 0.0


@njit(**_JIT)
def _solve(L, n, x):
    """Solve ``L L^T x = x`` in place; a zero pivot leaves its entry at zero."""
    for a in range(n):
        total = x[a]
        for k in range(a):
            total -= L[a, k] * x[k]
        x[a] = total / L[a, a] if L[a, a] > 0.0 else 0.0
    for a in range(n - 1, -1, -1):
        x[a] = x[a] / L[a, a] if L[a, a] > 0.0 else 0.0
        for k in range(a):
            x[k] -= L[a, k] * x[a]


@njit(**_JIT)
def exact_step(G, m, gradient, w, l1, l2, positive):
    """Newton steps on the support, each cut at the first change of sign.

    The objective never rises. ``gradient`` is kept equal to ``A^T (b - A w)``.
    """
    support = np.empty(m, dtype=np.int64)
    for _ in range(_DROPS):
        # A literal 0 would have what it is handed to compiled for itself.
        n_support = np.int64(0)
        for j in range(m):
            if w[j] != 0.0:
                support[n_support] = j
                n_support += 1
        if n_support == 0:
            return
        L = np.empty((n_support, n_support))
        _factor(G, support, n_support, l2, L)
        step = np.empty(n_support)
        for a in range(n_support):
            j = support[a]
            sign = 1.0 if w[j] > 0.0 else -1.0
            step[a] = gradient[j] - l1[j] * sign - l2[j] * w[j]
        _solve(L, n_support, step)
        length = 1.0
        first = -1
        for a in range(n_support):
            j = support[a]
            crosses = w[j] * (w[j] + step[a]) < 0.0
            if crosses and (l1[j] > 0.0 or positive) and -w[j] / step[a] < length:
                length = -w[j] / step[a]
                first = j
        for a in range(n_support):
            j = support[a]
            change = -w[j] if j == first else length * step[a]
            if change != 0.0:
                w[j] += change
                for k in range(m):
                    gradient[k] -= change * G[j, k]
        if first < 0:
            return


@njit(**_JIT)
def gram_descent(
    G,
    m,
    q,
    gradient,
    w,
    l1,
    l2,
    square,
    with_target,
    positive,
    order,
    max_sweeps,
    tol,
    step_tol,
    first_exact,
    finish,
    after_exact,
):
    """Coordinate descent with the gradient kept up to date by rows of the Gram.

    ``gradient`` comes in as ``A^T r`` at ``w``, ``square`` and ``with_target`` as
    ``r^T r`` and ``r^T b``, ``q`` is ``A^T b``. The sweeps end when no coefficient
    moves by more than ``step_tol`` times the largest and the gap is at most ``tol``.
    From sweep ``first_exact`` on, a sweep that leaves the support alone is the last
    before an exact step on it is to be tried, with ``finish`` the very last as well.
    ``after_exact`` tells that one was: if the gap is small enough then, all is done.
    That step is a kernel of its own, as few fits wait for it to be compiled.

    Returns ``(n_sweeps, gap, wants_exact)``.
    """
    w_start = w.copy()
    gradient_start = gradient.copy()
    squares = np.empty(m)
    active = np.arange(m)
    n_active = m
    for j in range(m):
        squares[j] = G[j, j]
    gap = np.inf
    sweeps = 0
    settled = after_exact
    exact = False
    while True:
        if settled or exact:
            r2 = square
            rb = with_target
            for j in range(m):
                change = w[j] - w_start[j]
                r2 -= (gradient_start[j] + gradient[j]) * change
                rb -= q[j] * change
            gap, scale = duality_gap(w, gradient, l1, l2, r2, rb, positive)
            reached = gap <= tol and settled
            if reached or exact:
                wants = finish if reached else exact
                return sweeps, gap, wants and sweeps > 0
            n_active = screen(
                active, n_active, w, gradient, l1, l2, squares, gap, scale, positive
            )
        if sweeps >= max_sweeps:
            return sweeps, gap, False
        support_moved = False
        moved = 0.0
        largest = 0.0
        row = sweeps % max(1, order.shape[0])
        for a in range(n_active):
            j = active[order[row, a] % n_active] if order.shape[0] else active[a]
            curvature = squares[j] + l2[j]
            if curvature == 0.0:
                continue
            old = w[j]
            z = gradient[j] + squares[j] * old
            new = soft_threshold(z, l1[j], positive) / curvature
            largest = max(largest, abs(new))
            if new != old:
                w[j] = new
                if (new == 0.0) != (old == 0.0):
                    support_moved = True
                change = new - old
                moved = max(moved, abs(change))
                for k in range(m):
                    gradient[k] -= change * G[j, k]
        sweeps += 1
        settled = moved <= step_tol * largest or sweeps == max_sweeps
        exact = not support_moved and sweeps >= first_exact


@njit(**_JIT)
def objective(z, w, l1, l2):
    """Return the objective for the residual z."""
    total = 0.0
    for i in range(z.shape[0]):
        total += 0.5 * z[i] * z[i]
    for j in range(w.shape[0]):
        total += l1[j] * abs(w[j]) + 0.5 * l2[j] * w[j] * w[j]
    return total


@njit(**_JIT)
def extrapolate(history, m, positive):
    """Anderson's combination of the last iterates (Bertrand and Massias 2021)."""
    steps = np.empty((MEMORY, m))
    for k in range(MEMORY):
        for j in range(m):
            steps[k, j] = history[k + 1, j] - history[k, j]
    inner = np.empty((MEMORY, MEMORY))
    trace = 0.0
    for a in range(MEMORY):
        for c in range(a + 1):
            total = 0.0
            for j in range(m):
                total += steps[a, j] * steps[c, j]
            inner[a, c] = total
            inner[c, a] = total
        trace += inner[a, a]
    support = np.arange(MEMORY)
    ridge = np.full(MEMORY, 1e-12 * trace)
    L = np.empty((MEMORY, MEMORY))
    _factor(inner, support, MEMORY, ridge, L)
    c = np.ones(MEMORY)
    _solve(L, MEMORY, c)
    total = 0.0
    for k in range(MEMORY):
        total += c[k]
    point = np.zeros(m)
    if total == 0.0:
        return point, False
    for k in range(MEMORY):
        for j in range(m):
            point[j] += c[k] / total * history[k + 1, j]
    for j in range(m):
        # An extrapolated sign that its last iterate does not have is noise.
        if history[MEMORY, j] == 0.0 or (positive and point[j] < 0.0):
            point[j] = 0.0
    return point, True


@njit(**_JIT)
def panel_descent(
    panel,
    squares,
    target,
    z,
    w,
    l1,
    l2,
    positive,
    order,
    max_sweeps,
    tol,
    look,
    gradient,
):
    """Coordinate descent on a dense panel that keeps the residual z.

    Every fifth iterate an Anderson extrapolation is kept if it lowers the objective.
    The gap is looked at after ``look`` sweeps, and then after half as many again each
    time; ``gradient`` ends as ``A^T z``.

    Returns ``(n_sweeps, gap)``; w and z are updated in place.
    """
    m = w.shape[0]
    n = z.shape[0]
    active = np.arange(m)
    n_active = m
    history = np.empty((MEMORY + 1, m))
    filled = 0
    gap = np.inf
    sweeps = 0
    while sweeps < max_sweeps:
        row = sweeps % max(1, order.shape[0])
        largest = 0.0
        moved = 0.0
        for a in range(n_active):
            c = active[order[row, a] % n_active] if order.shape[0] else active[a]
            curvature = squares[c] + l2[c]
            if curvature == 0.0:
                continue
            old = w[c]
            g = squares[c] * old
            for i in range(n):
                g += panel[i, c] * z[i]
            new = soft_threshold(g, l1[c], positive) / curvature
            largest = max(largest, abs(new) * np.sqrt(squares[c]))
            if new != old:
                change = new - old
                w[c] = new
                for i in range(n):
                    z[i] -= change * panel[i, c]
                moved = max(moved, abs(change) * np.sqrt(squares[c]))
        sweeps += 1
        history[filled] = w
        filled += 1
        if filled == MEMORY + 1:
            filled = 0
            point, usable = extrapolate(history, m, positive)
            if usable:
                z_old = z.copy()
                before = objective(z, w, l1, l2)
                for c in range(m):
                    change = point[c] - w[c]
                    if change != 0.0:
                        for i in range(n):
                            z[i] -= change * panel[i, c]
                if objective(z, point, l1, l2) < before:
                    w[:] = point
                else:
                    z[:] = z_old
        if sweeps >= look or moved <= 1e-4 * largest or sweeps == max_sweeps:
            look = sweeps + max(1, sweeps // 2)
            square = 0.0
            with_target = 0.0
            for i in range(n):
                square += z[i] * z[i]
                with_target += z[i] * target[i]
            for c in range(m):
                total = 0.0
                for i in range(n):
                    total += panel[i, c] * z[i]
                gradient[c] = total
            gap, scale = duality_gap(w, gradient, l1, l2, square, with_target, positive)
            if gap <= tol:
                break
            n_active = screen(
                active, n_active, w, gradient, l1, l2, squares, gap, scale, positive
            )
    return sweeps, gap
