"""Compiled loops of :mod:`sklreg.noise`: draw, scale and apply in one pass.

Random bits are those of :mod:`sklreg._random_kernels`: what falls on a value is told by
a key and its position alone, never by the number of threads.

Values are taken in blocks of :data:`BLOCK`, small enough for the nearest cache. Loops
over a block have no branches, and divisions do not check for zero: either would keep
them from the vector units. `X` and `out` are flat; `scale` is a row of values that is
repeated along them. What a kernel keeps between two loops lies in `room`, an array of
:data:`ROOM` that belongs to the thread.
"""

import math
from functools import cache

import numpy as np
from numba import njit

from sklreg._random_kernels import fill_words, mix

BLOCK = 1024
# Rows that lay a power of two apart would share their places in the cache.
ROOM = (7, BLOCK + 40)

# kinds of additive noise
GAUSSIAN, UNIFORM, LAPLACE = range(3)

_KERNEL = {
    "cache": True,
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
    "error_model": "numpy",
}
# Series in the square of the angle.
_SINE = np.array([(-1) ** i / math.factorial(2 * i + 1) for i in range(11)])
_COSINE = np.array([(-1) ** i / math.factorial(2 * i) for i in range(11)])
# One rest in a million is more than four above its table, and searched for alone.
_FAR = 1.0 - 2.0**-20
# Larger counts are not whole numbers of double precision.
_MAX_MEAN = 2.0**53


@njit(**_KERNEL)
def add(first, last, kind, X, scale, start, step, out, room):
    """Write ``X + scale * z`` to the blocks from `first` to `last`."""
    words = room[0, : BLOCK * out.itemsize // 8]
    z, strength = _part(room[1], out), _part(room[2], out)
    m, e, sign = _part(room[3], out), _part(room[4], out), _part(room[5], out)
    for block in range(first, last):
        at = block * BLOCK
        fill_words(words, at, start, step)
        _spread(words, z)
        if kind == GAUSSIAN:
            _to_normal(z, m, e)
        elif kind == LAPLACE:
            _to_laplace(z, m, e, sign)
        if block == first or scale.size > 1:
            _repeat(scale, at, strength)
        clean, noisy = X[at : at + BLOCK], out[at : at + BLOCK]
        for k in range(noisy.size):
            noisy[k] = clean[k] + strength[k] * z[k]


@njit(**_KERNEL)
def replace(first, last, X, low, high, middle, edge, start, step, out, room):
    """Write `low` or `high` where a draw lies below `middle` or below `edge`.

    Draws are whole numbers, even between ``-(2**30)`` and ``2**30 - 1``.
    """
    words = room[0, : BLOCK // 2]
    draws = words.view(np.int32)
    lows, highs = _part(room[1], out), _part(room[2], out)
    middles, edges = room[3].view(np.int32)[:BLOCK], room[4].view(np.int32)[:BLOCK]
    for block in range(first, last):
        at = block * BLOCK
        fill_words(words, at, start, step)
        for k in range(BLOCK):
            draws[k] = draws[k] >> 1
        if block == first or edge.size > 1:
            _repeat(middle, at, middles)
            _repeat(edge, at, edges)
        if block == first or low.size > 1:
            _repeat(low, at, lows)
            _repeat(high, at, highs)
        clean, noisy = X[at : at + BLOCK], out[at : at + BLOCK]
        for k in range(noisy.size):
            # all are read before the choice, which then needs no branch
            draw, own, least, largest = draws[k], clean[k], lows[k], highs[k]
            value = least if draw < middles[k] else largest
            noisy[k] = value if draw < edges[k] else own


@njit(**_KERNEL)
def count(first, last, X, scale, tables, start, step, out, room):
    """Write ``scale * Poisson(X / scale)``; return how many values allow no count.

    A mean is a multiple of 1 / 8, whose count is looked up in its alias table (Walker,
    1977), and a rest, whose count is next to always one of five. Means that have no
    table, and what is not among the five, are drawn alone.
    """
    words = room[0, :BLOCK]
    looked_up = words.view(np.int32)[:BLOCK]
    searched = words.view(np.int32)[BLOCK:]
    strength, mean = _part(room[1], out), _part(room[2], out)
    place, entry = room[3].view(np.int32)[:BLOCK], room[4].view(np.int32)[:BLOCK]
    rest, draw = room[5].view(np.float32)[:BLOCK], room[6].view(np.float32)[:BLOCK]
    n_tables, width = tables.shape
    flat = tables.reshape(-1)
    T = out.dtype.type
    bad = 0
    for block in range(first, last):
        at = block * BLOCK
        fill_words(words, at, start, step)
        if block == first or scale.size > 1:
            _repeat(scale, at, strength)
        clean, noisy = X[at : at + BLOCK], out[at : at + BLOCK]
        n = noisy.size
        alone = np.float32(0)
        for k in range(n):
            s, x, bits = strength[k], clean[k], searched[k]
            rate = x / (s if s > 0 else T(1))
            rate = rate if s > 0 else T(0)
            mean[k] = rate
            within = rate if rate < T(n_tables - 1) / T(8) else T(n_tables - 1) / T(8)
            row = np.int32(within * T(8))
            place[k] = row * np.int32(width) + (looked_up[k] & np.int32(width - 1))
            rest[k] = np.float32(within - T(row) * T(0.125))
            u = np.float32(bits) * np.float32(2.0**-32) + np.float32(0.5)
            draw[k] = u if u <= np.float32(_FAR) else np.float32(0)
            odd = np.float32(0) if (rate >= 0) & (rate <= within) else np.float32(1)
            alone += odd if u <= np.float32(_FAR) else np.float32(1)
        for k in range(n):
            entry[k] = flat[place[k]]
        for k in range(n):
            s, x, u, m = strength[k], clean[k], draw[k], rest[k]
            bits, e = looked_up[k], entry[k]
            column = bits & np.int32(width - 1)
            found = np.float32(
                column if ((bits >> 7) & 0x1FFFFFF) < (e >> 6) else e & 63
            )
            p = np.float32(1)
            for i in range(6):
                p = np.float32(1) - p * m * np.float32(1.0 / (6 - i))
            total = np.float32(0)
            for i in range(5):
                total += p
                found += np.float32(1) if u > total else np.float32(0)
                p *= m * np.float32(1.0 / (i + 1))
            noisy[k] = s * T(found) if s > 0 else x
        if alone == 0:
            continue
        for k in range(n):
            s, rate = strength[k], mean[k]
            if not (rate >= 0 and rate <= _MAX_MEAN):
                bad += 1
            elif rate > T(n_tables - 1) / T(8):
                word = mix(~(start + np.uint64(at + k) * step))
                noisy[k] = s * _reject(np.float64(rate), word)
            elif s > 0:
                u = np.float64(searched[k]) * 2.0**-32 + 0.5
                if np.float32(u) > np.float32(_FAR):
                    noisy[k] += s * _search(u, rest[k])
    return bad


@njit(**_KERNEL)
def extremes(first, last, X, low, high):
    """Write the extremes of the columns over some rows."""
    low[:], high[:] = X[first], X[first]
    for i in range(first + 1, last):
        row = X[i]
        for j in range(row.size):
            value, least, largest = row[j], low[j], high[j]
            low[j] = value if value < least else least
            high[j] = value if value > largest else largest


@njit(**_KERNEL)
def _part(row, out):
    """Return a block of numbers like those of `out`, in the memory of a row of room."""
    return row.view(out.dtype)[:BLOCK]


@njit(**_KERNEL)
def _repeat(values, at, block):
    """Fill a block with the part of the repeated `values` that lies on it."""
    if values.size == 1:
        block[:] = values[0]
        return
    filled, at = 0, at % values.size
    while filled < block.size:
        n = min(values.size - at, block.size - filled)
        part, into = values[at : at + n], block[filled : filled + n]
        for k in range(n):
            into[k] = part[k]
        filled += n
        at = 0


@njit(**_KERNEL)
def _is_single(z):
    return z.dtype.type(0.1) != 0.1  # known to the compiler, unlike z.itemsize


@njit(**_KERNEL)
def _spread(words, z):
    """Draw evenly from [-1, 1], never 0; single precision takes half the bits."""
    if _is_single(z):
        halves = words.view(np.int32)
        for k in range(z.size):
            z[k] = (np.float32(halves[k]) + np.float32(0.5)) * np.float32(2.0**-31)
    else:
        whole = words.view(np.int64)
        for k in range(z.size):
            z[k] = (np.float64(whole[k] >> 11) + 0.5) * 2.0**-52


@njit(**_KERNEL)
def _to_log(z, m, e):
    """Replace `z` by ``log(abs(z))``; `m` and `e` hold mantissas and exponents.

    The logarithm of a mantissa in [1, 2) is ``log(2) / 2 + 2 artanh(s)``, |s| < 0.172,
    by its series, long enough for the last digit.
    """
    T = z.dtype.type
    if _is_single(z):
        bits, mantissa = z.view(np.int32), m.view(np.int32)
        for k in range(z.size):
            mantissa[k] = (bits[k] & 0x7FFFFF) | 0x3F800000
            e[k] = np.float32((bits[k] & 0x7FFFFFFF) >> 23) - np.float32(126.5)
    else:
        long, mantissas = z.view(np.int64), m.view(np.int64)
        for k in range(z.size):
            mantissas[k] = (long[k] & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000
            e[k] = np.float64((long[k] & 0x7FFFFFFFFFFFFFFF) >> 52) - 1022.5
    n_terms = 5 if _is_single(z) else 11
    for k in range(z.size):
        s = (m[k] - T(math.sqrt(2.0))) / (m[k] + T(math.sqrt(2.0)))
        q, series = s * s, T(0)
        for i in range(n_terms):
            series = series * q + T(1.0 / (2 * (n_terms - i) - 1))
        z[k] = T(2) * s * series + e[k] * T(math.log(2.0))


@njit(**_KERNEL)
def _to_normal(z, m, e):
    """Make normal pairs of even ones (Box & Muller, 1958).

    One of a pair gives the radius, the other half an angle, whose sine and cosine are
    summed from their series and doubled.
    """
    T = z.dtype.type
    n = z.size // 2
    radius, half = z[:n], z[n:]
    _to_log(radius, m[:n], e[:n])
    n_terms = 6 if _is_single(z) else 10
    for k in range(n):
        square = T(-2) * radius[k]
        r = np.sqrt(square if square > 0 else T(0))
        a = half[k] * T(math.pi / 2)
        q, sine, cosine = a * a, T(0), T(0)
        for i in range(n_terms, -1, -1):
            sine = sine * q + T(_SINE[i])
            cosine = cosine * q + T(_COSINE[i])
        sine *= a
        radius[k] = r * (T(1) - T(2) * sine * sine)
        half[k] = r * T(2) * sine * cosine


@njit(**_KERNEL)
def _to_laplace(z, m, e, sign):
    for k in range(z.size):
        sign[k] = -1 if z[k] > 0 else 1
    _to_log(z, m, e)
    for k in range(z.size):
        z[k] *= sign[k]


@njit(**_KERNEL)
def _search(u, mean):
    """Count how many values of the distribution function lie below `u`."""
    found, term = 0, math.exp(-np.float64(mean))
    total = term
    while u > total and found < 100:
        found += 1
        term *= mean / found
        total += term
    return found


@njit(**_KERNEL)
def _reject(mean, word):
    """Draw a Poisson count by transformed rejection (Hörmann, 1993, PTRS)."""
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2.0)
    step = np.uint64(0x9E3779B97F4A7C15)
    while True:
        word += step
        u = (np.float64(np.int64(mix(word)) >> 11) + 0.5) * 2.0**-53
        word += step
        v = (np.float64(np.int64(mix(word)) >> 11) + 0.5) * 2.0**-53 + 0.5
        room = 0.5 - abs(u)
        k = math.floor((2.0 * a / room + b) * u + mean + 0.43)
        if room >= 0.07 and v <= v_r:
            return k
        if k < 0 or (room < 0.013 and v > room):
            continue
        left = math.log(v * inverse_alpha / (a / (room * room) + b))
        if left <= k * math.log(mean) - mean - math.lgamma(k + 1.0):
            return k


@cache
def alias_tables():
    """Return the alias table of each Poisson mean from 0 to 10 in steps of 1 / 8.

    A column holds its own count up to a threshold of 25 bits, another count beyond it:
    ``threshold << 6 | other``.
    """
    width, counts = 64, np.arange(64)
    means = np.arange(81) / 8
    tables = np.empty((len(means), width), dtype=np.int32)
    log_factorial = np.cumsum(np.log(np.maximum(counts, 1)))
    for table, mean in zip(tables, means, strict=True):
        share = np.zeros(width)
        share[0] = 1.0
        if mean:
            share = np.exp(counts * np.log(mean) - mean - log_factorial)
        share *= width / share.sum()
        other = counts.copy()
        small, large = (list(np.flatnonzero(b)) for b in (share < 1, share >= 1))
        keep = np.ones(width)
        while small and large:
            i, j = small.pop(), large[-1]
            keep[i], other[i] = share[i], j
            share[j] -= 1 - share[i]
            if share[j] < 1:
                small.append(large.pop())
        threshold = np.minimum(np.rint(keep * 2**25), 2**25 - 1).astype(np.int64)
        table[:] = threshold << 6 | other
    return tables
