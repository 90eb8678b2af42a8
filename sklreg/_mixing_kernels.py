"""Compiled loops of :mod:`sklreg.mixing`: one pass over the rows, no temporaries."""

from numba import njit

_FAST = {"reassoc", "contract", "nsz", "arcp"}


@njit(cache=True, nogil=True, fastmath=_FAST)
def mix_rows(X, partners, weights, out):
    n_rows, n_columns = out.shape
    for i in range(n_rows):
        j = partners[i]
        own = weights[i]
        other = 1.0 - own
        for k in range(n_columns):
            out[i, k] = own * X[i, k] + other * X[j, k]


@njit(cache=True, nogil=True)
def paste_boxes(X, partners, boxes, width, n_channels, out):
    for i in range(out.shape[0]):
        j = partners[i]
        start = boxes[i, 2] * n_channels
        stop = boxes[i, 3] * n_channels
        for row in range(boxes[i, 0], boxes[i, 1]):
            offset = row * width * n_channels
            for k in range(offset + start, offset + stop):
                out[i, k] = X[j, k]


@njit(cache=True, nogil=True)
def fill_boxes(boxes, fill, width, n_channels, out):
    for i in range(out.shape[0]):
        for hole in range(boxes.shape[1]):
            start = boxes[i, hole, 2] * n_channels
            stop = boxes[i, hole, 3] * n_channels
            for row in range(boxes[i, hole, 0], boxes[i, hole, 1]):
                offset = row * width * n_channels
                for k in range(offset + start, offset + stop):
                    out[i, k] = fill[k % n_channels]
