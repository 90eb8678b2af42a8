"""Products of the columns of a design with a few vectors."""

import numpy as np
from numba import njit

_JIT = {
    "cache": True,
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}


@njit(**_JIT)
def correlate_rows(rows, places, V, out):
    """Write the products of some rows of a matrix with a few vectors to ``out``.

    ``out`` has a row for each vector. The matrix is read once for four vectors, where
    BLAS first packs it.
    """
    m = V.shape[0]
    n = V.shape[1]
    for c in range(places.shape[0]):
        x = rows[places[c]]
        k = 0
        while k + 4 <= m:
            first, second, third, fourth = V[k], V[k + 1], V[k + 2], V[k + 3]
            s, t, u, v = 0.0, 0.0, 0.0, 0.0
            for i in range(n):
                value = np.float64(x[i])
                s += value * first[i]
                t += value * second[i]
                u += value * third[i]
                v += value * fourth[i]
            out[k, c], out[k + 1, c], out[k + 2, c], out[k + 3, c] = s, t, u, v
            k += 4
        while k + 2 <= m:
            first, second = V[k], V[k + 1]
            s, t = 0.0, 0.0
            for i in range(n):
                value = np.float64(x[i])
                s += value * first[i]
                t += value * second[i]
            out[k, c], out[k + 1, c] = s, t
            k += 2
        if k < m:
            first = V[k]
            s = 0.0
            for i in range(n):
                s += np.float64(x[i]) * first[i]
            out[k, c] = s


@njit(**_JIT)
def subtract_combinations(G, places, V, out):
    """Subtract ``V G[places]`` from ``out``, which has a row for each of V.

    No rows are copied, and four are read at a time.
    """
    m = V.shape[0]
    n = out.shape[1]
    last = places.shape[0]
    c = 0
    while c + 4 <= last:
        a, b = G[places[c]], G[places[c + 1]]
        d, e = G[places[c + 2]], G[places[c + 3]]
        for k in range(m):
            s, t, u, v = V[k, c], V[k, c + 1], V[k, c + 2], V[k, c + 3]
            row = out[k]
            for j in range(n):
                row[j] -= s * a[j] + t * b[j] + u * d[j] + v * e[j]
        c += 4
    while c < last:
        a = G[places[c]]
        for k in range(m):
            s, row = V[k, c], out[k]
            for j in range(n):
                row[j] -= s * a[j]
        c += 1
