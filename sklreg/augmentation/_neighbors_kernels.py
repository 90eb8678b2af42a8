"""Compiled part of the neighbour search: sift a block of lower bounds.

Distances that decide are summed in double precision in the order of the columns,
without fused operations, as scikit-learn's trees do; hence no fastmath here.
"""

import numpy as np
from numba import njit

# Columns looked at together. A loop of a fixed length is what the compiler turns into
# vector instructions.
STRIDE = 64
# what products too small for single precision may lack
_UNDERFLOW = 1e-34


@njit(cache=True, nogil=True)
def _any_below(bounds, i, group, limit):
    hits = np.int32(0)
    for j in range(STRIDE):
        hits += np.int32(bounds[i, group, j] <= limit)
    return hits > 0


@njit(cache=True, nogil=True)
def _rounded_up(limit):
    return np.float32(limit + abs(limit) * 2e-7 + _UNDERFLOW)


@njit(cache=True, nogil=True)
def _square_distance(X, i, Y, j, codes_X, codes_Y, mismatch):
    total = 0.0
    for k in range(X.shape[1]):
        gap = float(X[i, k]) - float(Y[j, k])
        total += gap * gap
    for f in range(codes_X.shape[1]):
        if codes_X[i, f] != codes_Y[j, f]:
            total += mismatch
    return total


@njit(cache=True, nogil=True)
def sift(
    bounds,
    offsets,
    unit,
    X,
    Y,
    codes_X,
    codes_Y,
    mismatch,
    first,
    distances,
    indices,
    counts,
):
    """Put into the sorted lists what of a block of columns may be near.

    ``bounds[i, g, j] + offsets[i]``, times `unit`, is at most the square distance of
    row i of X to row ``first + g * STRIDE + j`` of Y; only pairs whose bound beats the
    last entry of the list are computed.
    """
    size = distances.shape[1]
    for i in range(bounds.shape[0]):
        count = counts[i]
        worst = distances[i, size - 1]
        limit = _rounded_up(worst / unit - offsets[i])
        for group in range(bounds.shape[1]):
            if count == size and not _any_below(bounds, i, group, limit):
                continue
            start = first + group * STRIDE
            for j in range(min(STRIDE, Y.shape[0] - start)):
                if count == size and bounds[i, group, j] > limit:
                    continue
                distance = _square_distance(
                    X, i, Y, start + j, codes_X, codes_Y, mismatch
                )
                if count == size and distance >= worst:
                    continue
                position = count if count < size else size - 1
                while position > 0 and distances[i, position - 1] > distance:
                    distances[i, position] = distances[i, position - 1]
                    indices[i, position] = indices[i, position - 1]
                    position -= 1
                distances[i, position] = distance
                indices[i, position] = start + j
                if count < size:
                    count += 1
                worst = distances[i, size - 1]
                limit = _rounded_up(worst / unit - offsets[i])
        counts[i] = count
