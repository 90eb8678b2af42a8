"""Compiled loops of :mod:`sklreg.mixing`: one pass over some rows, no temporaries."""

from numba import njit

_FAST = {"reassoc", "contract", "nsz", "arcp"}


@njit(cache=True, nogil=True, fastmath=_FAST)
def mix_rows(start, stop, X, partners, weights, out):
    for i in range(start, stop):
        own = X.dtype.type(weights[i])
        other = X.dtype.type(1.0 - weights[i])
        mine, theirs, mixed = X[i], X[partners[i]], out[i]
        for k in range(mixed.size):
            mixed[k] = own * mine[k] + other * theirs[k]


@njit(cache=True, nogil=True)
def paste_boxes(start, stop, X, partners, boxes, width, n_channels, out):
    for i in range(start, stop):
        mine, mixed, patch = X[i], out[i], X[partners[i]]
        for k in range(mixed.size):
            mixed[k] = mine[k]
        left, right = boxes[i, 2] * n_channels, boxes[i, 3] * n_channels
        for row in range(boxes[i, 0], boxes[i, 1]):
            offset = row * width * n_channels
            # views that start at 0: the loop then needs no check of its index
            into = mixed[offset + left : offset + right]
            source = patch[offset + left : offset + right]
            for k in range(into.size):
                into[k] = source[k]


@njit(cache=True, nogil=True)
def fill_boxes(start, stop, X, boxes, line, out):
    """Write to each hole the part of `line`, one row of a blank image, it lies on."""
    width = line.shape[0]
    for i in range(start, stop):
        whole, holed = X[i], out[i]
        for k in range(holed.size):
            holed[k] = whole[k]
        for hole in range(boxes.shape[1]):
            left, right = boxes[i, hole, 2], boxes[i, hole, 3]
            for row in range(boxes[i, hole, 0], boxes[i, hole, 1]):
                offset = row * width
                into = holed[offset + left : offset + right]
                source = line[left:right]
                for k in range(into.size):
                    into[k] = source[k]
