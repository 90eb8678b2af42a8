"""Kernels that read X for a design: panels of columns, products with CSC."""

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
# A centred column smaller than this times its mean is rounding, not data.
_CONSTANT = 1e-14


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def dense_panel(X, columns, mean, root, tile, out):
    """Write the transpose of ``root * (X[:, columns] - mean)`` to ``out``.

    Constant columns are 0. The transpose is in C order even where it has one row or
    one column: any other array of one column would be compiled for separately.
    ``tile`` rows are read at a time. Returns the squared norms.
    """
    squares = np.zeros(columns.shape[0])
    for start in range(0, X.shape[0], tile):
        # Slices: indices that start at zero are what the compiler turns into vectors.
        part = root[start : start + tile]
        for c in range(columns.shape[0]):
            column, row = X[start : start + tile, columns[c]], out[c, start:]
            m = mean[columns[c]]
            square = 0.0
            for i in range(part.shape[0]):
                value = part[i] * (column[i] - m)
                row[i] = value
                square += value * value
            squares[c] += square
    weight = np.sqrt(np.sum(root * root))
    for c in range(columns.shape[0]):
        bound = _CONSTANT * abs(mean[columns[c]])
        if bound > 0.0 and np.sqrt(squares[c]) <= bound * weight:
            out[c], squares[c] = 0.0, 0.0
    return squares


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def dense_squares(X, mean, root, tile, out):
    """Add the squared norms of the columns of ``root * (X - mean)`` to ``out``."""
    for start in range(0, X.shape[0], tile):
        part = root[start : start + tile]
        for j in range(X.shape[1]):
            column = X[start : start + tile, j]
            m = mean[j]
            total = 0.0
            for i in range(part.shape[0]):
                value = part[i] * (column[i] - m)
                total += value * value
            out[j] += total


# Sums are not reordered: columns are short, and vectors gathered from all over slow.
@njit(cache=True, nogil=True, fastmath={"contract", "nsz"})
def csc_correlate(first, last, data, indices, indptr, columns, mean, V, sums, out):
    """Write ``V^T (X[:, columns] - mean)``, for a part of the columns, to ``out``.

    ``sums`` are the sums of the columns of V. An entry of X is read once for all of
    them, which lie side by side.

    A column without zeros is centred entry by entry: it alone can lie so far from
    zero that the difference of the two products would cancel.
    """
    n, size = V.shape
    totals = np.empty(size)
    for c in range(first, last):
        j = columns[c]
        # Unsigned, so that no position is asked whether it counts from the end.
        start, stop = np.uint64(indptr[j]), np.uint64(indptr[j + 1])
        full = indptr[j + 1] - indptr[j] == n
        origin = mean[j] if full else 0.0
        if size == 1:
            total = 0.0
            for t in range(start, stop):
                total += (np.float64(data[t]) - origin) * V[indices[t], 0]
            totals[0] = total
        elif size == 2:
            total, other = 0.0, 0.0
            for t in range(start, stop):
                value, i = np.float64(data[t]) - origin, indices[t]
                total += value * V[i, 0]
                other += value * V[i, 1]
            totals[0], totals[1] = total, other
        elif size == 8:
            # As many as are known beforehand make one operation of an entry.
            for k in range(8):
                totals[k] = 0.0
            for t in range(start, stop):
                value = np.float64(data[t]) - origin
                row = V[indices[t]]
                for k in range(8):
                    totals[k] += value * row[k]
        else:
            totals[:] = 0.0
            for t in range(start, stop):
                value = np.float64(data[t]) - origin
                row = V[indices[t]]
                for k in range(size):
                    totals[k] += value * row[k]
        for k in range(size):
            out[k, c] = totals[k] if full else totals[k] - mean[j] * sums[k]


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def csc_columns_times(data, indices, indptr, columns, origin, w, out):
    """Add the stored entries of ``X[:, columns] - origin``, times w, to ``out``."""
    for c in range(columns.shape[0]):
        j = columns[c]
        for t in range(indptr[j], indptr[j + 1]):
            out[indices[t]] += w[c] * (data[t] - origin[c])


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def csc_column_squares(data, indices, indptr, columns, mean, weight, total, out):
    """Write the weighted squared norms of centred CSC columns to ``out``.

    ``weight`` holds one entry a row, or a single entry when all are equal;
    ``total`` is their sum over the rows.
    """
    equal = weight.shape[0] == 1
    for c in range(columns.shape[0]):
        j = columns[c]
        m = mean[j]
        square = 0.0
        stored = 0.0
        for t in range(indptr[j], indptr[j + 1]):
            s = weight[0] if equal else weight[indices[t]]
            square += s * (data[t] - m) ** 2
            stored += s
        square += max(0.0, total - stored) * m * m
        out[c] = (
            square if np.sqrt(square) > _CONSTANT * abs(m) * np.sqrt(total) else 0.0
        )


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def csc_gram(data, indices, indptr, rows, columns, mean, weight, scatter, out):
    """Write ``A[:, rows]^T A[:, columns]`` of a centred CSC design to ``out``.

    ``scatter`` is a zeroed work vector over the samples, left zeroed.
    """
    equal = weight.shape[0] == 1
    n = scatter.shape[0]
    for c in range(columns.shape[0]):
        j = columns[c]
        full_j = indptr[j + 1] - indptr[j] == n
        origin = mean[j] if full_j else 0.0
        for t in range(indptr[j], indptr[j + 1]):
            s = weight[0] if equal else weight[indices[t]]
            scatter[indices[t]] = s * (data[t] - origin)
        for r in range(rows.shape[0]):
            i = rows[r]
            full = indptr[i + 1] - indptr[i] == n
            origin = mean[i] if full else 0.0
            total = 0.0
            for t in range(indptr[i], indptr[i + 1]):
                total += (data[t] - origin) * scatter[indices[t]]
            # One centred factor is enough: its product with a constant is zero.
            out[r, c] = total if full or full_j else total - mean[i] * mean[j]
        for t in range(indptr[j], indptr[j + 1]):
            scatter[indices[t]] = 0.0


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def subtract_both_ways(G, a, b):
    """Subtract ``a b^T + b a^T`` from G, in place and in one pass."""
    for i in range(G.shape[0]):
        row = G[i]
        first, second = a[i], b[i]
        for j in range(row.shape[0]):
            row[j] -= first * b[j] + second * a[j]


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def subtract_and_move(whole, part, scale, shift, out):
    """Write ``whole - part - scale * shift shift^T`` to ``out``, in one pass."""
    for i in range(out.shape[0]):
        first, second, row = whole[i], part[i], out[i]
        factor = scale * shift[i]
        for j in range(row.shape[0]):
            row[j] = first[j] - second[j] - factor * shift[j]
