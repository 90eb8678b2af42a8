"""Compiled loops of the SMOTE family.

No fastmath: the new rows must be those of imbalanced-learn to the last bit, and a
fused multiply-add would change it.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def interpolate(X, base, other, steps, out):
    for i in range(base.shape[0]):
        a = base[i]
        b = other[i]
        step = steps[i]
        for k in range(X.shape[1]):
            out[i, k] = X[a, k] + step * (X[b, k] - X[a, k])


@njit(cache=True, nogil=True)
def count_neighbor_categories(codes, neighbors, feature, n_categories, unit):
    """Mark the categories as frequent as the most frequent one among neighbours.

    A category's weight is its count times `unit`; weights within 1e-5 of the largest
    (relative) plus 1e-8 tie, which only matters where `unit` is tiny.

    Returns
    -------
    samples, categories : ndarray of shape (n_ties,)
        Tied pairs, by sample and then by category.
    """
    n, k = neighbors.shape
    counts = np.zeros(n_categories, dtype=np.int64)
    size = n + 16
    samples = np.empty(size, dtype=np.int64)
    categories = np.empty(size, dtype=np.int64)
    found = 0
    for i in range(n):
        top = 0
        for j in range(k):
            code = codes[neighbors[i, j], feature]
            counts[code] += 1
            top = max(top, counts[code])
        least = top * unit - (1e-8 + 1e-5 * top * unit)
        for category in range(n_categories):
            if counts[category] * unit >= least or counts[category] == top:
                if found == size:
                    size *= 2
                    samples = _grown(samples, size)
                    categories = _grown(categories, size)
                samples[found] = i
                categories[found] = category
                found += 1
        for j in range(k):
            counts[codes[neighbors[i, j], feature]] = 0
    return samples[:found], categories[:found]


@njit(cache=True, nogil=True)
def first_met(samples, categories, order, n):
    """Return for each sample the category of its pair that comes first in `order`."""
    chosen = np.full(n, -1, dtype=np.int64)
    for position in order:
        sample = samples[position]
        if chosen[sample] < 0:
            chosen[sample] = categories[position]
    return chosen


@njit(cache=True, nogil=True)
def _grown(array, size):
    grown = np.empty(size, dtype=array.dtype)
    grown[: array.size] = array
    return grown


@njit(cache=True, nogil=True)
def add_table_distances(table, codes, targets, out):
    """Add to ``out[i, j]`` the entry of `table` for two categories."""
    for i in range(codes.shape[0]):
        a = codes[i]
        for j in range(targets.shape[0]):
            out[i, j] += table[a, targets[j]]


@njit(cache=True, nogil=True)
def most_frequent(codes, neighbors, n_categories, out):
    """Write the most frequent category of each feature, the first one where tied."""
    counts = np.zeros(n_categories, dtype=np.int64)
    for i in range(neighbors.shape[0]):
        for feature in range(codes.shape[1]):
            best = codes[neighbors[i, 0], feature]
            for j in range(neighbors.shape[1]):
                code = codes[neighbors[i, j], feature]
                counts[code] += 1
                more = counts[code] > counts[best]
                if more or (counts[code] == counts[best] and code < best):
                    best = code
            out[i, feature] = best
            for j in range(neighbors.shape[1]):
                counts[codes[neighbors[i, j], feature]] = 0
