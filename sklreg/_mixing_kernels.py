"""Compiled loops of :mod:`sklreg.mixing`: one pass over some rows, no temporaries.

Each returns the sum of what it read, which is finite only if all of it is.
"""

import numpy as np
from numba import njit

from sklreg._prefetch_kernels import ask_for

_FAST = {"reassoc", "contract", "nsz", "arcp"}
# Lines of an image, in values, that are too short for a loop of their own.
_SHORT = 128


@njit(cache=True, nogil=True, fastmath=_FAST)
def mix_rows(start, stop, X, partners, weights, out):
    total = X.dtype.type(0)
    for i in range(start, stop):
        own = X.dtype.type(weights[i])
        other = X.dtype.type(1.0 - weights[i])
        if i + 1 < stop:
            ask_for(X[i + 1], 0, X.shape[1])
            ask_for(X[partners[i + 1]], 0, X.shape[1])
        mine, theirs, mixed = X[i], X[partners[i]], out[i]
        for k in range(mixed.size):
            value = mine[k]
            total += value
            mixed[k] = own * value + other * theirs[k]
    return total


@njit(cache=True, nogil=True, fastmath=_FAST)
def paste_boxes(start, stop, X, partners, boxes, columns, line, out):
    """Write to each image, of `line` values a row, the box of its partner.

    `columns` holds the place in its line of each value of an image.
    """
    total = X.dtype.type(0)
    for i in range(start, stop):
        if i + 1 < stop:
            ask_for(X[i + 1], 0, X.shape[1])
            first, last = boxes[i + 1, 0] * line, boxes[i + 1, 1] * line
            ask_for(X[partners[i + 1]], first, last)
        total += _copy(X[i], out[i])
        _put(boxes[i], columns, line, X[partners[i]], out[i])
    return total


@njit(cache=True, nogil=True, fastmath=_FAST)
def fill_boxes(start, stop, X, boxes, columns, line, blank, out):
    """Write to the holes of each image what the image `blank` has there."""
    total = X.dtype.type(0)
    for i in range(start, stop):
        if i + 1 < stop:
            ask_for(X[i + 1], 0, X.shape[1])
        total += _copy(X[i], out[i])
        for hole in range(boxes.shape[1]):
            _put(boxes[i, hole], columns, line, blank, out[i])
    return total


@njit(cache=True, nogil=True, fastmath=_FAST)
def _copy(source, into):
    total = source.dtype.type(0)
    for k in range(into.size):
        value = source[k]
        total += value
        into[k] = value
    return total


@njit(cache=True, nogil=True, fastmath=_FAST)
def _put(box, columns, line, source, into):
    first, last = box[0] * line, box[1] * line
    left, right = box[2], box[3]
    if line > _SHORT:
        for start in range(first, last, line):
            # views that start at 0: the loop then needs no check of its index
            part, new = into[start + left : start + right], source[start + left :]
            for k in range(part.size):
                part[k] = new[k]
        return
    # all lines in one loop without branches: vectors do not end with a line
    place, part, new = columns[first:last], into[first:last], source[first:last]
    start, length = np.uint32(left), np.uint32(right - left)
    for k in range(part.size):
        old, other = part[k], new[k]
        part[k] = other if np.uint32(place[k] - start) < length else old
