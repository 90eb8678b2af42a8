"""Compiled passes of :mod:`sklreg.layers`: what a layer does to every number.

Buffers belong to the layers and are written in place. A random number of 16 bits a unit
decides which units are dropped: those below `threshold`. Random words hold four of
them, row after row, and are kept until the way back, which so finds the same mask. Sums
over rows run in float64, and take four of them at a time: one such addition for four.
"""

import math

import numpy as np
from numba import njit

from sklreg._random_kernels import draw_words as draw_words

IDENTITY, RELU, LOGISTIC, TANH, ELU, GELU = range(6)
FUNCTIONS = {
    "identity": IDENTITY,
    "relu": RELU,
    "logistic": LOGISTIC,
    "tanh": TANH,
    "elu": ELU,
    "gelu": GELU,
}

_SQRT_HALF = math.sqrt(0.5)
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)

# What batch norm keeps of each unit, one row each: what is taken away, what is
# multiplied and, within a pass, what else the loop over the rows needs.
SHIFT, FACTOR, PULL, CONSTANT, ALONG, N_ROWS_OF_WORK = range(6)

# Python's error model would look for a zero before every division, number by number.
_jit = njit(
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "nsz", "arcp"},
)


@_jit
def add_bias(Z, bias):
    for i in range(Z.shape[0]):
        row = Z[i]
        for j in range(row.size):
            row[j] += bias[j]


@_jit
def add_bias_rectify(Z, bias, words, threshold, scale):
    """Add the bias, rectify, and drop what is drawn; no words drop nothing."""
    n, m = Z.shape
    zero = Z.dtype.type(0)
    bits = words.view(np.uint16)
    for i in range(n):
        row = Z[i]
        if bits.size:
            draw = bits[i * m : i * m + m]
            for j in range(m):
                z = row[j] + bias[j]
                # this way round a NaN is not taken for a negative number
                z = zero if z < zero else z * scale
                row[j] = zero if draw[j] < threshold else z
        else:
            for j in range(m):
                z = row[j] + bias[j]
                row[j] = zero if z < zero else z


@_jit
def gelu(Z, bias, slope):
    """Replace z by z P(z), with P the normal distribution; put the slope aside."""
    half, root = Z.dtype.type(0.5), Z.dtype.type(_SQRT_HALF)
    density = Z.dtype.type(_DENSITY)
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + bias[j]
            below = half * math.erfc(-z * root)
            Z[i, j] = z * below
            slope[i, j] = below + z * density * math.exp(-half * z * z)


@_jit
def drop(X, words, threshold, scale, out):
    """Set what is drawn to zero and scale up the rest."""
    n, m = X.shape
    zero = X.dtype.type(0)
    bits = words.view(np.uint16)
    for i in range(n):
        row, draw, to = X[i], bits[i * m : i * m + m], out[i]
        for j in range(m):
            to[j] = zero if draw[j] < threshold else row[j] * scale


@_jit
def drop_columns(X, words, threshold, scale, out):
    """Set columns that are drawn to zero and scale up the rest."""
    zero = X.dtype.type(0)
    draw = words.view(np.uint16)[: X.shape[1]]
    for i in range(X.shape[0]):
        row, to = X[i], out[i]
        for j in range(row.size):
            to[j] = zero if draw[j] < threshold else row[j] * scale


@_jit
def drop_in_place(X, words, threshold, scale):
    n, m = X.shape
    zero = X.dtype.type(0)
    bits = words.view(np.uint16)
    for i in range(n):
        row, draw = X[i], bits[i * m : i * m + m]
        for j in range(m):
            row[j] = zero if draw[j] < threshold else row[j] * scale


@_jit
def activation_backward(
    function, H, slope, words, threshold, scale, keep, delta, sums, gradient
):
    """Turn the slope in the output `H` into that before bias and function.

    `slope` is the derivative that :func:`gelu` put aside; the others follow from the
    output itself, which is ``scale = 1 / keep`` times the function where it was kept.
    `gradient` becomes the slope in the bias.
    """
    n, m = H.shape
    zero, one = H.dtype.type(0), H.dtype.type(1)
    if function == RELU:
        for i in range(n):
            row, d = H[i], delta[i]
            for j in range(m):
                # a dropped unit is zero too
                d[j] = d[j] * scale if row[j] > zero else zero
    else:
        bits = words.view(np.uint16)
        for i in range(n):
            row, d = H[i], delta[i]
            if function == LOGISTIC:
                for j in range(m):
                    a = row[j] * keep
                    d[j] *= scale * a * (one - a)
            elif function == TANH:
                for j in range(m):
                    a = row[j] * keep
                    d[j] *= scale * (one - a * a)
            elif function == ELU:
                for j in range(m):
                    a = row[j] * keep
                    d[j] *= scale if a > zero else scale * (a + one)
            elif function == GELU:
                curve = slope[i]
                for j in range(m):
                    d[j] *= scale * curve[j]
            elif bits.size:
                for j in range(m):
                    d[j] *= scale
            if bits.size:
                draw = bits[i * m : i * m + m]
                for j in range(m):
                    if draw[j] < threshold:
                        d[j] = zero
    _column_sums(delta, sums)
    for j in range(m):
        gradient[j] = sums[j]


@_jit
def learn_moments(Z, statistics, momentum, epsilon, work, moments):
    """Set mean and (biased) variance of each column, in two passes.

    The running averages in `statistics`, of means, of variances and at the end their
    number, move on.
    """
    n, m = Z.shape
    shift, factor = work[SHIFT], work[FACTOR]
    mean, variance = moments[0], moments[1]
    _column_sums(Z, mean)
    for j in range(m):
        mean[j] /= n
        shift[j] = mean[j]
    whole = n // 4 * 4
    variance[:] = 0.0
    for i in range(0, whole, 4):
        a, b, c, d = Z[i], Z[i + 1], Z[i + 2], Z[i + 3]
        for j in range(m):
            s = shift[j]
            p, q, r, t = a[j] - s, b[j] - s, c[j] - s, d[j] - s
            variance[j] += (p * p + q * q) + (r * r + t * t)
    for i in range(whole, n):
        a = Z[i]
        for j in range(m):
            p = a[j] - shift[j]
            variance[j] += p * p
    statistics[2 * m] += 1.0
    share = max(momentum, 1.0 / statistics[2 * m])
    # the variance of the population, from that of a sample
    unbiased = n / max(n - 1, 1)
    for j in range(m):
        off = mean[j] - shift[j]
        variance[j] = max(variance[j] / n - off * off, 0.0)
        factor[j] = 1.0 / math.sqrt(variance[j] + epsilon)
        statistics[j] += share * (mean[j] - statistics[j])
        statistics[m + j] += share * (unbiased * variance[j] - statistics[m + j])


@_jit
def normalise(Z, work, scale, out):
    """Standardise `Z` and scale it."""
    shift, factor = work[SHIFT], work[FACTOR]
    for i in range(Z.shape[0]):
        row, to = Z[i], out[i]
        for j in range(row.size):
            to[j] = (row[j] - shift[j]) * factor[j] * scale[j]


@_jit
def normalise_rectify(Z, work, scale, bias, words, threshold, keep_scale, out):
    """Do all that a layer does to its units in one pass."""
    n, m = Z.shape
    zero = Z.dtype.type(0)
    shift, pull = work[SHIFT], work[PULL]
    for j in range(m):
        pull[j] = work[FACTOR, j] * scale[j]
    bits = words.view(np.uint16)
    for i in range(n):
        row, to = Z[i], out[i]
        if bits.size:
            draw = bits[i * m : i * m + m]
            for j in range(m):
                z = (row[j] - shift[j]) * pull[j] + bias[j]
                z = zero if z < zero else z * keep_scale
                to[j] = zero if draw[j] < threshold else z
        else:
            for j in range(m):
                z = (row[j] - shift[j]) * pull[j] + bias[j]
                to[j] = zero if z < zero else z


@_jit
def normalise_backward(Z, H, work, scale, keep_scale, delta, moments, gradient, sums):
    """Turn the slope in the output into that before standardising.

    The output is scaled, or rectified too: then it is `H`, which else has no rows.
    `sums` becomes the slope in the bias. Mean and variance move with the batch, so the
    slope loses its parts along the constant and along `Z`.
    """
    n, m = Z.shape
    zero = Z.dtype.type(0)
    totals, products = moments[0], moments[1]
    shift, factor, pull = work[SHIFT], work[FACTOR], work[PULL]
    constant, along = work[CONSTANT], work[ALONG]
    for i in range(H.shape[0]):
        h, d = H[i], delta[i]
        for j in range(m):
            # a dropped unit is zero too
            d[j] = d[j] * keep_scale if h[j] > zero else zero
    whole = n // 4 * 4
    totals[:] = 0.0
    products[:] = 0.0
    for i in range(0, whole, 4):
        a, b, c, d = delta[i], delta[i + 1], delta[i + 2], delta[i + 3]
        p, q, r, t = Z[i], Z[i + 1], Z[i + 2], Z[i + 3]
        for j in range(m):
            s = shift[j]
            totals[j] += (a[j] + b[j]) + (c[j] + d[j])
            first = a[j] * (p[j] - s) + b[j] * (q[j] - s)
            second = c[j] * (r[j] - s) + d[j] * (t[j] - s)
            products[j] += first + second
    for i in range(whole, n):
        a, p = delta[i], Z[i]
        for j in range(m):
            totals[j] += a[j]
            products[j] += a[j] * (p[j] - shift[j])
    for j in range(m):
        products[j] *= factor[j]
        gradient[j] = products[j]
        sums[j] = totals[j]
        pull[j] = scale[j] * factor[j]
        constant[j] = pull[j] * totals[j] / n
        along[j] = pull[j] * factor[j] * products[j] / n
    for i in range(n):
        z, d = Z[i], delta[i]
        for j in range(m):
            d[j] = pull[j] * d[j] - constant[j] - (z[j] - shift[j]) * along[j]


@_jit
def _column_sums(X, sums):
    whole = X.shape[0] // 4 * 4
    sums[:] = 0.0
    for i in range(0, whole, 4):
        a, b, c, d = X[i], X[i + 1], X[i + 2], X[i + 3]
        for j in range(sums.size):
            sums[j] += (a[j] + b[j]) + (c[j] + d[j])
    for i in range(whole, X.shape[0]):
        a = X[i]
        for j in range(sums.size):
            sums[j] += a[j]


@_jit
def sparse_product(data, indices, indptr, W, out):
    for i in range(out.shape[0]):
        row = out[i]
        row[:] = 0
        for k in range(indptr[i], indptr[i + 1]):
            x, w = data[k], W[indices[k]]
            for j in range(row.size):
                row[j] += x * w[j]


@_jit
def sparse_gradient(data, indices, indptr, delta, out):
    out[:] = 0
    for i in range(delta.shape[0]):
        d = delta[i]
        for k in range(indptr[i], indptr[i + 1]):
            x, g = data[k], out[indices[k]]
            for j in range(d.size):
                g[j] += x * d[j]
