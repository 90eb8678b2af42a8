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

import numpy as np
from numba import njit

from sklreg._prefetch_kernels import ask_for
from sklreg._random_kernels import fill_words, mix

BLOCK = 1024
# Rows that lay a power of two apart would share their places in the cache.
ROOM = (12, BLOCK + 40)

# Counts need more stores at a time, and a table beside them.
_PART = 512

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
# A Poisson count of a mean up to 1 / 8 reaches k with the probability
# m**k / (k - 1)! * sum((-m)**i / (i! * (k + i))); here of draws below 2**31 and m in
# eighths, for k from 1 to 3.
_A0, _A1, _A2, _A3, _A4, _B0, _B1, _B2, _B3, _C0, _C1, _C2 = (
    np.float32(
        2.0 ** (31 - 3 * (k + i))
        * (-1) ** i
        / (math.factorial(k - 1) * math.factorial(i) * (k + i))
    )
    for k, n_terms in ((1, 5), (2, 4), (3, 3))
    for i in range(n_terms)
)
# Smaller draws, one in 65536, may belong to a larger count, and are looked at alone.
_RARE = 2**15
# Larger counts are not whole numbers of double precision.
_MAX_MEAN = 2.0**53


@njit(**_KERNEL)
def add(first, last, kind, X, scale, start, step, out, room):
    """Write ``X + scale * z`` to the blocks from `first` to `last`.

    Return the sum of the clean values, which is finite only if all are.
    """
    words = room[0, : BLOCK * out.itemsize // 8]
    z, strength = _part(room[1], out), _part(room[2], out)
    m, e, sign = _part(room[3], out), _part(room[4], out), _part(room[5], out)
    total = out.dtype.type(0)
    for block in range(first, last):
        at = block * BLOCK
        ask_for(X, at + BLOCK, at + 2 * BLOCK)
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
            value = clean[k]
            total += value
            noisy[k] = value + strength[k] * z[k]
    return total


@njit(**_KERNEL)
def replace(first, last, X, low, high, middle, edge, start, step, out, room):
    """Write `low` or `high` where a draw lies below `middle` or below `edge`.

    Draws are whole numbers, even between ``-(2**30)`` and ``2**30 - 1``. Return the sum
    of the clean values.
    """
    total = out.dtype.type(0)
    words = room[0, : BLOCK // 2]
    draws = words.view(np.int32)
    lows, highs = _part(room[1], out), _part(room[2], out)
    middles, edges = room[3].view(np.int32)[:BLOCK], room[4].view(np.int32)[:BLOCK]
    for block in range(first, last):
        at = block * BLOCK
        ask_for(X, at + BLOCK, at + 2 * BLOCK)
        fill_words(words, at, start, step)
        if block == first or edge.size > 1:
            _repeat(middle, at, middles)
            _repeat(edge, at, edges)
        if block == first or low.size > 1:
            _repeat(low, at, lows)
            _repeat(high, at, highs)
        clean, noisy = X[at : at + BLOCK], out[at : at + BLOCK]
        for k in range(noisy.size):
            # all are read before the choice, which then needs no branch
            draw = draws[k] >> np.int32(1)
            own, least, largest = clean[k], lows[k], highs[k]
            total += own
            value = least if draw < middles[k] else largest
            noisy[k] = value if draw < edges[k] else own
    return total


@njit(**_KERNEL)
def count(first, last, X, scale, rates, fine, coarse, start, step, out, room):
    """Write ``scale * Poisson(X * rates / 8)``, `rates` being ``8 / scale``.

    Return how many values allow no count, and the sum of the clean values. A mean is a
    multiple of 1 / 8 up to 10, whose count is looked up in its alias table, a rest,
    whose count is next to always below four, and beyond 10 a multiple of 10, looked up
    too. Means that have no table, and rare rests, are drawn alone.
    """
    words = room[0, :_PART]
    looked_up = words.view(np.uint32)[:_PART]
    searched = words.view(np.uint32)[_PART:]
    strength, rate = _part(room[1], out)[:_PART], _part(room[2], out)[:_PART]
    mean, eighth = _part(room[3], out)[:_PART], _part(room[4], out)[:_PART]
    places, entries = room[5, : _PART // 2], room[6, : _PART // 2]
    place, entry = places.view(np.uint32), entries.view(np.uint32)
    rest, tens = (room[7].view(np.float32)[:_PART], room[8].view(np.float32)[:_PART])
    eighth[:] = 1
    place[:] = 0
    tens[:] = 0
    table = fine.reshape(-1)
    T = out.dtype.type
    low, high = T(fine.shape[0] - 1), T(80 * (coarse.shape[0] - 1))
    total, bad = T(0), 0
    for at in range(first * BLOCK, min(last * BLOCK, out.size), _PART):
        ask_for(X, at + _PART, at + 2 * _PART)
        fill_words(words, at, start, step)
        if at == first * BLOCK or scale.size > 1:
            _repeat(scale, at, strength)
            _repeat(rates, at, rate)
        clean, noisy = X[at : at + _PART], out[at : at + _PART]
        sum_, beyond = _enter(clean, rate, low, looked_up, place, rest)
        total += sum_
        alone = False
        if beyond:
            more = ~(start + np.uint64(at) * step)
            alone = _take_tens(clean, rate, coarse, more, step, mean, tens, room[9:])
            _enter(mean[: clean.size], eighth, low, looked_up, place, rest)
        _look_up(table, places, entries)
        rare = _add_rests(
            looked_up, entry, searched, rest, tens, strength, clean, noisy
        )
        if beyond:
            tens[:] = 0
        if not (alone or rare):
            continue
        for k in range(noisy.size):
            s, eighths = strength[k], clean[k] * rate[k]
            if s > 0 and not (eighths >= 0 and eighths <= 8 * _MAX_MEAN):
                bad += 1
            elif s > 0 and eighths > high:
                word = mix(~(start + np.uint64(at + k) * step))
                noisy[k] = s * _reject(np.float64(eighths) / 8, word)
            elif s > 0 and np.int32(searched[k] >> np.uint32(1)) < _RARE:
                u = 1 - (np.float64(searched[k] >> np.uint32(1)) + 0.5) * 2.0**-31
                more_ = max(0, _search(u, rest[k] / 8) - 3)
                noisy[k] = s * (np.rint(noisy[k] / s) + T(more_))
    return bad, total


@njit(**_KERNEL)
def _enter(clean, rate, high, drawn, place, rest):
    """Write where the alias tables of some means are entered, and what is left.

    Return the sum of the clean values, and whether there are means, in eighths, that
    lie beyond the last table.
    """
    T = clean.dtype.type
    total, beyond = T(0), np.float32(0)
    for k in range(clean.size):
        total += clean[k]
        eighths = clean[k] * rate[k]
        within = eighths if eighths > 0 else T(0)
        within = within if within < high else high
        beyond += np.float32(0) if within == eighths else np.float32(1)
        row = np.int32(within)
        column = np.uint32(drawn[k] & np.uint32(63))
        place[k] = np.uint32(np.uint32(row << np.int32(6)) | column)
        rest[k] = np.float32(within - T(row))
    return total, beyond > 0


@njit(**_KERNEL)
def _add_rests(drawn, entry, searched, rest, tens, strength, clean, noisy):
    """Write the counts looked up, each with that of its rest, up to three.

    Return whether a draw is so small that its count may be larger.
    """
    least = np.int32(2**31 - 1)
    T = noisy.dtype.type
    for k in range(noisy.size):
        s, x, r, bits, e = strength[k], clean[k], rest[k], drawn[k], entry[k]
        draw = np.int32(searched[k] >> np.uint32(1))
        least = draw if draw < least else least
        chosen = bits if np.uint32(bits >> np.uint32(1)) < e else e
        found = np.float32(np.int32(np.uint32(chosen & np.uint32(63)))) + tens[k]
        v, q = np.float32(draw), r * r
        one = r * (_A0 + r * (_A1 + r * (_A2 + r * (_A3 + r * _A4))))
        two = q * (_B0 + r * (_B1 + r * (_B2 + r * _B3)))
        three = q * r * (_C0 + r * (_C1 + r * _C2))
        found += np.float32(1) if v < one else np.float32(0)
        found += np.float32(1) if v < two else np.float32(0)
        found += np.float32(1) if v < three else np.float32(0)
        value = s * T(found)
        noisy[k] = value if s > 0 else x
    return least < _RARE


@njit(**_KERNEL)
def extremes(first, last, X, low, high):
    """Write the extremes of the columns over some rows; return the sum of it all."""
    total = X.dtype.type(0)
    low[:], high[:] = X[first], X[first]
    for i in range(first, last):
        row = X[i]
        for j in range(row.size):
            value, least, largest = row[j], low[j], high[j]
            total += value
            low[j] = value if value < least else least
            high[j] = value if value > largest else largest
    return total


@njit(**_KERNEL)
def _take_tens(clean, rate, tables, start, step, mean, tens, room):
    """Write counts of multiples of 10 to `tens`, and what means they leave, in eighths.

    Return whether there are means that lie beyond the last table.
    """
    words = room[0, :_PART]
    drawn = words.view(np.uint32)[:_PART]
    places, entries = room[1, : _PART // 2], room[2, : _PART // 2]
    place, entry = places.view(np.uint32), entries.view(np.uint32)
    place[:] = 0
    T = mean.dtype.type
    high = T(80 * (tables.shape[0] - 1))
    beyond = np.float32(0)
    for k in range(_PART):
        words[k] = mix(start - np.uint64(k) * step)
    for k in range(clean.size):
        eighths = clean[k] * rate[k]
        within = eighths if eighths > 0 else T(0)
        within = within if within < high else high
        beyond += np.float32(0) if within == eighths else np.float32(1)
        row = np.int32(within * T(1 / 80))
        mean[k] = within - T(80) * T(row)
        column = np.uint32(drawn[k] & np.uint32(255))
        place[k] = np.uint32(np.uint32(row << np.int32(8)) | column)
    _look_up(tables.reshape(-1), places, entries)
    for k in range(clean.size):
        bits, e = drawn[k], entry[k]
        chosen = bits if np.uint32(bits >> np.uint32(1)) < e else e
        count = np.float32(np.int32(np.uint32(chosen & np.uint32(255))))
        mean_ = np.float32(np.int32(place[k] >> np.uint32(8))) * np.float32(10)
        lowest = mean_ - np.float32(128)
        tens[k] = count + (lowest if lowest > 0 else np.float32(0))
    return beyond > 0


@njit(**_KERNEL)
def _look_up(table, places, entries):
    """Copy the entries at some places, both two in a word: it is stores that wait."""
    for k in range(places.size):
        pair = places[k]
        first, second = table[np.uint32(pair)], table[pair >> np.uint64(32)]
        entries[k] = np.uint64(first) | (np.uint64(second) << np.uint64(32))


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
