"""Compiled loops over plain values that parts of an array are handed to."""

from numba import njit


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def total(first, last, values):
    """Return the sum of some values: finite only if all are."""
    part = values[first:last]
    sum_ = values.dtype.type(0)
    for k in range(part.size):
        sum_ += part[k]
    return sum_
