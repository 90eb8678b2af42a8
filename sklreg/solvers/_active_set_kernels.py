"""The parametric active set on a Gram matrix: exact, event by event."""

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
_JIT = {"cache": True, "nogil": True, "fastmath": FASTMATH}

# A pivot this small next to its diagonal marks a dependent column.
SINGULAR = 1e-11


@njit(**_JIT)
def _append(G, support, size, j, l2, L):
    """Add the row of column j to the factor; refuse a dependent column."""
    for a in range(size):
        total = G[j, support[a]]
        for k in range(a):
            total -= L[a, k] * L[size, k]
        L[size, a] = total / L[a, a]
    diagonal = G[j, j] + l2[j]
    pivot = diagonal
    for k in range(size):
        pivot -= L[size, k] * L[size, k]
    if pivot <= SINGULAR * diagonal:
        return False
    L[size, size] = np.sqrt(pivot)
    support[size] = j
    return True


@njit(**_JIT)
def _remove(support, size, place, L, rotations):
    """Take one row out of the factor and make it triangular again by rotations.

    Rows go one after the other, so that memory is read in order; four at a time,
    since each rotation of a row waits for the one before. ``rotations`` is work
    space.
    """
    for a in range(place, size - 1):
        support[a] = support[a + 1]
        for k in range(a + 2):
            L[a, k] = L[a + 1, k]
    cosine, sine = rotations
    a = place
    while a < size - 1:
        rows = 1
        if a + 4 < size:
            rows = 4
            first, second, third, fourth = L[a], L[a + 1], L[a + 2], L[a + 3]
            s, t, u, v = first[place], second[place], third[place], fourth[place]
            for k in range(place, a):
                x, y = cosine[k], sine[k]
                p, q, r, o = first[k + 1], second[k + 1], third[k + 1], fourth[k + 1]
                first[k], s = x * s + y * p, x * p - y * s
                second[k], t = x * t + y * q, x * q - y * t
                third[k], u = x * u + y * r, x * r - y * u
                fourth[k], v = x * v + y * o, x * o - y * v
            first[a], second[a], third[a], fourth[a] = s, t, u, v
        start = a if rows == 4 else place
        for b in range(a, a + rows):
            row = L[b]
            x = row[start]
            for k in range(start, b):
                y = row[k + 1]
                row[k] = cosine[k] * x + sine[k] * y
                x = cosine[k] * y - sine[k] * x
            y = row[b + 1]
            norm = np.sqrt(x * x + y * y)
            cosine[b] = x / norm
            sine[b] = y / norm
            row[b] = norm
            row[b + 1] = 0.0
        a += rows


@njit(**_JIT)
def _forward(L, start, size, x):
    """Solve ``L x = x`` in place from row ``start`` on; the rows before are solved."""
    for a in range(start, size):
        total = x[a]
        for k in range(a):
            total -= L[a, k] * x[k]
        x[a] = total / L[a, a]


@njit(**_JIT)
def _backward(L, size, x):
    """Solve ``L^T x = x`` in place."""
    for a in range(size - 1, -1, -1):
        x[a] /= L[a, a]
        for k in range(a):
            x[k] -= L[a, k] * x[a]


@njit(**_JIT)
def subtract_rows(G, m, rows, size, values, out):
    """Subtract ``values @ G[rows]`` from ``out``, in the first m columns.

    Rows go four at a time, for one reading of ``out``.
    """
    a = 0
    while a + 4 <= size:
        first, second = G[rows[a]], G[rows[a + 1]]
        third, fourth = G[rows[a + 2]], G[rows[a + 3]]
        s, t, u, v = values[a], values[a + 1], values[a + 2], values[a + 3]
        for k in range(m):
            out[k] -= s * first[k] + t * second[k] + u * third[k] + v * fourth[k]
        a += 4
    while a < size:
        first, s = G[rows[a]], values[a]
        for k in range(m):
            out[k] -= s * first[k]
        a += 1


@njit(**_JIT)
def _find_rates(G, m, head, support, size, inside, step, shift, full, rate):
    """Write ``shift - G[:, support] step`` to ``rate`` for the columns outside.

    Rows of the support or rows outside it are read, whichever are fewer entries; of
    the support few columns stand behind ``head``. ``full`` is work space.
    """
    if size * m <= (m - size) * head:
        for k in range(m):
            rate[k] = shift[k]
        subtract_rows(G, m, support, size, step, rate)
        return
    for k in range(head):
        full[k] = 0.0
    for a in range(size):
        if support[a] < head:
            full[support[a]] = step[a]
    for j in range(m):
        if not inside[j]:
            row = G[j]
            total = shift[j]
            for k in range(head):
                total -= full[k] * row[k]
            rate[j] = total
    for a in range(size):
        if support[a] >= head:
            row = G[support[a]]
            for j in range(m):
                rate[j] -= step[a] * row[j]


@njit(**_JIT)
def _exchange(G, support, size, j, entry_sign, w, l2, L, step, rotations):
    """Let a dependent column j enter in the place of the first one it drives to zero.

    A multiple of j with the same fit replaces a combination of the support, at no
    cost in the objective, until a coefficient of the support is zero. Returns the
    column that left, or -1: a mere duplicate of one column changes nothing.
    """
    for a in range(size):
        step[a] = G[support[a], j]
    _forward(L, np.int64(0), size, step)
    _backward(L, size, step)
    reach = np.inf
    leaving = np.int64(-1)
    weighty = 0
    for a in range(size):
        fall = entry_sign * step[a]
        if abs(fall) > 1e-8:
            weighty += 1
        if fall * w[support[a]] > 0.0 and w[support[a]] / fall < reach:
            reach = w[support[a]] / fall
            leaving = a
    if leaving < 0 or weighty < 2:
        return -1
    for a in range(size):
        w[support[a]] -= reach * entry_sign * step[a]
    left = support[leaving]
    w[left] = 0.0
    _remove(support, size, leaving, L, rotations)
    if not _append(G, support, size - 1, j, l2, L):
        return -2 - left
    w[j] = reach * entry_sign
    return left


@njit(**_JIT)
def factor_support(G, support, size, l2, L):
    """Factor the support afresh, leaving dependent columns out; return its size."""
    # A literal 0 would have what it is handed to compiled for itself.
    kept = np.int64(0)
    for a in range(size):
        j = support[a]
        if _append(G, support, kept, j, l2, L):
            kept += 1
    return kept


@njit(**_JIT)
def follow(G, m, head, gradient, w, l1, l2, positive, support, size, L, max_events):
    """Move from any w to the optimum for (l1, l2) along a piecewise linear path.

    w is optimal for some other linear term and a higher level of l1: the linear
    term is shifted on the support so that its conditions hold with equality, and
    the level is raised until no column outside violates it. Then both move back
    linearly, and between two events, a coefficient reaching zero or a column
    reaching its level, the solution is linear in them too.

    ``gradient`` comes in as ``A^T (b - A w)`` and is kept up to date. ``support``
    and ``L`` hold the factored support, ``size`` entries of it; it is fastest where
    few columns from ``head`` on are in the support or come to be.

    Returns ``(n_events, size, done)``; w is unfinished if ``done`` is False.
    """
    inside = np.zeros(m, dtype=np.bool_)
    blocked = np.zeros(m, dtype=np.bool_)
    sign = np.zeros(m)
    for a in range(size):
        j = support[a]
        inside[j] = True
        sign[j] = 1.0 if w[j] > 0.0 else -1.0
    level = 1.0
    for j in range(m):
        if not inside[j] and l1[j] > 0.0:
            slope = gradient[j] if positive else abs(gradient[j])
            level = max(level, slope / l1[j])
    # The gradient for the shifted linear term, and its rate of return.
    shift = np.zeros(m)
    for a in range(size):
        j = support[a]
        wanted = level * l1[j] * sign[j] + l2[j] * w[j]
        shift[j] = gradient[j] - wanted
        gradient[j] = wanted
    fall = 1.0 - level
    rate = np.empty(m)
    full = np.empty(m)
    step = np.empty(L.shape[0])
    # The right-hand sides, with the lower triangle solved up to row ``solved``.
    half = np.empty(L.shape[0])
    rotations = np.empty((2, L.shape[0]))
    solved = np.int64(0)
    time = 0.0
    events = 0
    dropped = -1
    exchanges = 0
    while True:
        for a in range(solved, size):
            j = support[a]
            half[a] = shift[j] - fall * l1[j] * sign[j]
        _forward(L, solved, size, half)
        solved = size
        for a in range(size):
            step[a] = half[a]
        _backward(L, size, step)
        _find_rates(G, m, head, support, size, inside, step, shift, full, rate)
        for a in range(size):
            j = support[a]
            rate[j] = fall * l1[j] * sign[j] + l2[j] * step[a]
        length = 1.0 - time
        leaving, entering = np.int64(-1), np.int64(-1)
        for a in range(size):
            j = support[a]
            if (l1[j] > 0.0 or positive) and step[a] * sign[j] < 0.0:
                reach = max(0.0, -w[j] / step[a])
                if reach < length:
                    length = reach
                    leaving = a
        entry_sign = 1.0
        for j in range(m):
            if inside[j] or blocked[j]:
                continue
            bound = level * l1[j]
            speed = fall * l1[j]
            closing = rate[j] - speed
            if closing > 0.0 and not (j == dropped and sign[j] > 0.0):
                reach = max(0.0, (bound - gradient[j]) / closing)
                if reach < length:
                    length = reach
                    entering = j
                    entry_sign = 1.0
            closing = -rate[j] - speed
            if not positive and closing > 0.0 and not (j == dropped and sign[j] < 0.0):
                reach = max(0.0, (bound + gradient[j]) / closing)
                if reach < length:
                    length = reach
                    entering = j
                    entry_sign = -1.0
        for a in range(size):
            w[support[a]] += length * step[a]
        for k in range(m):
            gradient[k] += length * rate[k]
        time += length
        level += length * fall
        if entering >= 0:
            events += 1
            dropped = -1
            if size < L.shape[0] and _append(G, support, size, entering, l2, L):
                inside[entering] = True
                sign[entering] = entry_sign
                gradient[entering] = level * l1[entering] * entry_sign
                size += 1
            elif exchanges > size:
                blocked[entering] = True
            else:
                exchanges = exchanges + 1 if length <= 1e-13 else 0
                solved = np.int64(0)
                left = _exchange(
                    G, support, size, entering, entry_sign, w, l2, L, step, rotations
                )
                if left <= -2:
                    # The exchange has lost a column: not an optimum any more.
                    return events, size - 1, False
                if left >= 0:
                    inside[left] = False
                    dropped = left
                    inside[entering] = True
                    sign[entering] = entry_sign
                    gradient[entering] = level * l1[entering] * entry_sign
                else:
                    blocked[entering] = True
        elif leaving >= 0:
            events += 1
            dropped = support[leaving]
            w[dropped] = 0.0
            inside[dropped] = False
            _remove(support, size, leaving, L, rotations)
            size -= 1
            solved = leaving
            for k in range(m):
                blocked[k] = False
        else:
            return events, size, True
        if events >= max_events:
            return events, size, False


@njit(**_JIT)
def follow_levels(
    G, m, gradient, w, levels, factor, l2, positive, support, size, L, limit, W, C
):
    """Follow the solutions for ``levels`` of l1, times ``factor``, one after another.

    As :func:`follow`, which has the meaning of the rest; ``limit`` bounds the events of
    each. Solutions go to the rows of ``W``, gradients to those of ``C``.

    Returns ``(events, size, done)``, the numbers of events as far as it came: it stops
    behind one that is not done, and where the factor is not that of the support.
    """
    l1 = np.empty(m)
    events = np.zeros(levels.shape[0], dtype=np.int64)
    for k in range(levels.shape[0]):
        for j in range(m):
            l1[j] = levels[k] * factor[j]
        events[k], size, done = follow(
            G, m, m, gradient, w, l1, l2, positive, support, size, L, limit
        )
        for j in range(m):
            W[k, j] = w[j]
            C[k, j] = gradient[j]
        for a in range(size):
            if not done or w[support[a]] == 0.0:
                return events[: k + 1], size, done
    return events, size, True


@njit(**_JIT)
def follow_path(
    G, q, w, l1s, l2s, l1_factor, l2_factor, positive, support, L, max_events, W, events
):
    """Follow the solutions for every ``(l1, l2)``, from w on, to the rows of ``W``.

    All the columns are in the working set: ``q`` is ``A^T b`` and ``G`` is ``A^T A``.
    ``support`` and ``L`` are work space; ``events`` gets the numbers of events.

    Returns how many were solved: it stops behind the first that is not finished.
    """
    m = w.shape[0]
    gradient = np.empty(m)
    l1 = np.empty(m)
    l2 = np.zeros(m)
    values = np.empty(L.shape[0])
    size = np.int64(0)
    fresh = True
    for k in range(l1s.shape[0]):
        for j in range(m):
            l1[j] = l1s[k] * l1_factor[j]
            fresh = fresh or l2[j] != l2s[k] * l2_factor[j]
            l2[j] = l2s[k] * l2_factor[j]
        if fresh:
            size = np.int64(0)
            for j in range(m):
                if w[j] != 0.0:
                    if size < L.shape[0]:
                        support[size] = j
                        size += 1
                    else:
                        w[j] = 0.0
            kept = factor_support(G, support, size, l2, L)
            if kept < size:
                # Dependent columns are left out: they start from zero.
                for j in range(m):
                    gradient[j] = 0.0
                for a in range(kept):
                    gradient[support[a]] = w[support[a]]
                for j in range(m):
                    w[j] = gradient[j]
            size = kept
        # Afresh each time, so that rounding does not add up.
        for j in range(m):
            gradient[j] = q[j]
        for a in range(size):
            values[a] = w[support[a]]
        subtract_rows(G, m, support, size, values, gradient)
        done = False
        events[k], size, done = follow(
            G, m, m, gradient, w, l1, l2, positive, support, size, L, max_events
        )
        for j in range(m):
            W[k, j] = w[j]
        if not done:
            return k + 1
        fresh = False
    return l1s.shape[0]
