"""The Gram matrix of few columns and many rows, tile by tile."""

import numpy as np
from numba import njit

_JIT = {
    "cache": True,
    "nogil": True,
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}
# Values of a tile: it stays in the second cache of a processor.
_TILE_VALUES = 1 << 16


@njit(**_JIT)
def tiled_gram(first, last, source, by_columns, mean, root):
    """Return ``A^T A`` for rows ``first`` to ``last`` of ``A = root (X - mean)``.

    ``source`` is X, or its transpose with ``by_columns``, in C order; ``root`` has an
    entry for each row, or one that stands for ones. The result is padded with zeros to
    a multiple of four, and only what is above its diagonal is right.
    """
    p = mean.shape[0]
    size = (p + 3) // 4 * 4
    step = max(64, _TILE_VALUES // size // 8 * 8)
    tile = np.zeros((size, step))
    out = np.zeros((size, size))
    for start in range(first, last, step):
        length = min(step, last - start)
        _write(source, by_columns, start, length, mean, tile)
        if root.shape[0] > 1:
            for j in range(p):
                row = tile[j]
                for i in range(length):
                    row[i] *= root[start + i]
        _add_products(tile, length, out)
    return out


@njit(**_JIT)
def _write(source, by_columns, start, length, mean, tile):
    """Write the transpose of some centred rows to the tile."""
    if by_columns:
        for j in range(mean.shape[0]):
            column, row, m = source[j], tile[j], mean[j]
            for i in range(length):
                row[i] = np.float64(column[start + i]) - m
    else:
        for i in range(length):
            x = source[start + i]
            for j in range(mean.shape[0]):
                tile[j, i] = np.float64(x[j]) - mean[j]


@njit(**_JIT)
def _add_products(tile, length, out):
    """Add the products of the tile's rows, four by four: sixteen for eight loads."""
    size = tile.shape[0]
    for c in range(0, size, 4):
        x, y, z, w = tile[c], tile[c + 1], tile[c + 2], tile[c + 3]
        for k in range(c, size, 4):
            a, b, d, e = tile[k], tile[k + 1], tile[k + 2], tile[k + 3]
            xa, xb, xd, xe = 0.0, 0.0, 0.0, 0.0
            ya, yb, yd, ye = 0.0, 0.0, 0.0, 0.0
            za, zb, zd, ze = 0.0, 0.0, 0.0, 0.0
            wa, wb, wd, we = 0.0, 0.0, 0.0, 0.0
            for i in range(length):
                p, q, r, s = x[i], y[i], z[i], w[i]
                f, g, h, o = a[i], b[i], d[i], e[i]
                xa += p * f
                xb += p * g
                xd += p * h
                xe += p * o
                ya += q * f
                yb += q * g
                yd += q * h
                ye += q * o
                za += r * f
                zb += r * g
                zd += r * h
                ze += r * o
                wa += s * f
                wb += s * g
                wd += s * h
                we += s * o
            first, second, third, fourth = out[c], out[c + 1], out[c + 2], out[c + 3]
            first[k] += xa
            first[k + 1] += xb
            first[k + 2] += xd
            first[k + 3] += xe
            second[k] += ya
            second[k + 1] += yb
            second[k + 2] += yd
            second[k + 3] += ye
            third[k] += za
            third[k + 1] += zb
            third[k + 2] += zd
            third[k + 3] += ze
            fourth[k] += wa
            fourth[k + 1] += wb
            fourth[k + 2] += wd
            fourth[k + 3] += we
