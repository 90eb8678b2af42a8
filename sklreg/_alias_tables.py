"""Alias tables of Poisson distributions (Walker, 1977): a count from one look-up.

An entry is a whole number, ``threshold << bits | other``: a column, drawn evenly from
the ``2**bits`` of a table, holds its own count up to the threshold, which has
``31 - bits`` bits, and another column's count beyond it.
"""

from functools import cache

import numpy as np

__all__ = ["coarse_tables", "fine_tables"]


@cache
def fine_tables():
    """Return the tables, 64 wide, of the means from 0 to 10 in steps of 1 / 8.

    Returns
    -------
    ndarray of uint32 of shape (81, 64)
        Column k holds the count k.
    """
    return _locked(np.array([_table(mean / 8, 0, 6) for mean in range(81)]))


@cache
def coarse_tables():
    """Return the tables, 256 wide, of the means from 0 to 250 in steps of 10.

    Returns
    -------
    ndarray of uint32 of shape (26, 256)
        Column k holds the count ``k + max(0, mean - 128)``.
    """
    means = range(0, 260, 10)
    return _locked(np.array([_table(m, max(0, m - 128), 8) for m in means]))


def _table(mean, offset, bits):
    width = 1 << bits
    counts = np.arange(offset + width)
    share = (counts == 0).astype(np.float64)
    if mean:
        log_factorial = np.cumsum(np.log(np.maximum(counts, 1)))
        share = np.exp(counts * np.log(mean) - mean - log_factorial)
    share = share[offset:]
    share *= width / share.sum()
    keep, other = np.ones(width), np.arange(width)
    small, large = (list(np.flatnonzero(b)) for b in (share < 1, share >= 1))
    while small and large:
        i, j = small.pop(), large[-1]
        keep[i], other[i] = share[i], j
        share[j] -= 1 - share[i]
        if share[j] < 1:
            small.append(large.pop())
    whole = 2 ** (31 - bits)
    threshold = np.minimum(np.rint(keep * whole), whole - 1).astype(np.int64)
    return (threshold << bits | other).astype(np.uint32)


def _locked(array):
    array.flags.writeable = False
    return array
