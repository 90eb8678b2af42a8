"""Weighted Gram matrices of sparse columns, summed over rows."""

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def rows_gram(data, indices, indptr, left, right, same, weight, G, sums):
    """Write ``X[:, right]' diag(weight) X[:, left]`` to the corner of ``G``, by rows.

    A row costs as many products as it has pairs of entries, which is little where
    rows have few entries among the columns. ``same`` tells that the columns are the
    same, half of the pairs then being enough. ``sums`` gets the weighted sums of the
    columns on the left.
    """
    n = weight.shape[0]
    first = np.zeros(n + 1, dtype=np.int64)
    for c in range(left.shape[0]):
        sums[c] = 0.0
        for t in range(indptr[left[c]], indptr[left[c] + 1]):
            i = indices[t]
            sums[c] += weight[i] * data[t]
            first[i + 1] += 1
    for i in range(n):
        first[i + 1] += first[i]
    # Unsigned, so that no place is asked whether it counts from the end.
    column = np.empty(first[n], dtype=np.uint32)
    value = np.empty(first[n])
    filled = first[:n].copy()
    for c in range(left.shape[0]):
        for t in range(indptr[left[c]], indptr[left[c] + 1]):
            i = indices[t]
            column[filled[i]] = c
            value[filled[i]] = data[t]
            filled[i] += 1
    # Of a row, the entries up to the column at hand are enough where both are the same.
    stop = first[:n].copy() if same else filled
    for c in range(right.shape[0]):
        row = G[c]
        for b in range(left.shape[0]):
            row[b] = 0.0
        for t in range(indptr[right[c]], indptr[right[c] + 1]):
            i = indices[t]
            if same:
                stop[i] += 1
            pull = weight[i] * data[t]
            if pull != 0.0:
                for s in range(np.uint64(first[i]), np.uint64(stop[i])):
                    row[column[s]] += pull * value[s]
    if same:
        for c in range(right.shape[0]):
            for b in range(c):
                G[b, c] = G[c, b]
