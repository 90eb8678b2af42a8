"""Compiled passes of :mod:`sklreg.layers`: what a layer does to every number.

Buffers belong to the layers and are written in place. A random number of 16 bits a unit
decides which units are dropped: those below `threshold`. Random words hold four of
them, row after row, and are kept until the way back, which so finds the same mask. Sums
over rows run in float64, but for those of a few rows at a time.
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

# Rows that are summed up in the precision of the data.
_ROWS = 8
# What batch norm knows of each unit, one row each: what is taken away, what is
# multiplied, the slope's own factor, sums over a few rows.
SHIFT, FACTOR, PULL, PART, OTHER_PART, N_ROWS_OF_WORK = range(6)

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
def _sixteens(words, n_rows, n_columns):
    """Return words as rows of 16-bit numbers; none if there are no words."""
    bits = words.view(np.uint16)
    if bits.size == 0:
        return bits.reshape(0, n_columns)
    return bits[: n_rows * n_columns].reshape(n_rows, n_columns)


@_jit
def add_bias_rectify(Z, bias, words, key, threshold, scale):
    """Add the bias, rectify, and drop what is drawn here; no words drop nothing."""
    zero = Z.dtype.type(0)
    draw_words(words, key)
    bits = _sixteens(words, *Z.shape)
    for i in range(Z.shape[0]):
        row = Z[i]
        if bits.size:
            draw = bits[i]
            for j in range(row.size):
                z = row[j] + bias[j]
                # this way round a NaN is not taken for a negative number
                z = zero if z < zero else z * scale
                row[j] = zero if draw[j] < threshold else z
        else:
            for j in range(row.size):
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
    zero = X.dtype.type(0)
    bits = _sixteens(words, *X.shape)
    for i in range(X.shape[0]):
        row, draw, to = X[i], bits[i], out[i]
        for j in range(row.size):
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
    zero = X.dtype.type(0)
    bits = _sixteens(words, *X.shape)
    for i in range(X.shape[0]):
        row, draw = X[i], bits[i]
        for j in range(row.size):
            row[j] = zero if draw[j] < threshold else row[j] * scale


@_jit
def activation_backward(
    function, H, slope, words, threshold, scale, keep, delta, part, sums, gradient
):
    """Turn the slope in the output `H` into that before bias and function.

    `slope` is the derivative that :func:`gelu` put aside; the others follow from the
    output itself, which is ``scale = 1 / keep`` times the function where it was kept.
    `gradient` becomes the slope in the bias.
    """
    zero, one = H.dtype.type(0), H.dtype.type(1)
    bits = _sixteens(words, *H.shape)
    sums[:] = 0.0
    part[:] = 0
    for i in range(H.shape[0]):
        row, d = H[i], delta[i]
        if function == RELU:
            # a dropped unit is zero too
            for j in range(row.size):
                d[j] = d[j] * scale if row[j] > zero else zero
        else:
            if function == LOGISTIC:
                for j in range(row.size):
                    a = row[j] * keep
                    d[j] *= scale * a * (one - a)
            elif function == TANH:
                for j in range(row.size):
                    a = row[j] * keep
                    d[j] *= scale * (one - a * a)
            elif function == ELU:
                for j in range(row.size):
                    a = row[j] * keep
                    d[j] *= scale if a > zero else scale * (a + one)
            elif function == GELU:
                curve = slope[i]
                for j in range(row.size):
                    d[j] *= scale * curve[j]
            elif bits.size:
                for j in range(row.size):
                    d[j] *= scale
            if bits.size:
                draw = bits[i]
                for j in range(row.size):
                    if draw[j] < threshold:
                        d[j] = zero
        _add_up(i, d, part, sums)
    for j in range(gradient.size):
        gradient[j] = sums[j] + part[j]


@_jit
def learn_moments(Z, statistics, momentum, epsilon, work, moments):
    """Set mean and (biased) variance of each column, in two passes.

    The running averages in `statistics`, of means, of variances and at the end their
    number, move on.
    """
    n, m = Z.shape
    shift, factor, part = work[SHIFT], work[FACTOR], work[PART]
    mean, variance = moments[0], moments[1]
    mean[:] = 0.0
    variance[:] = 0.0
    part[:] = 0
    for i in range(n):
        _add_up(i, Z[i], part, mean)
    for j in range(m):
        mean[j] = (mean[j] + part[j]) / n
        shift[j] = mean[j]
    part[:] = 0
    for i in range(n):
        _flush(i, part, variance)
        row = Z[i]
        for j in range(m):
            difference = row[j] - shift[j]
            part[j] += difference * difference
    _flush(0, part, variance)
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
def normalise_rectify(Z, work, scale, bias, words, key, threshold, keep_scale, out):
    """Do all that a layer does to its units in one pass, drawing what is dropped."""
    zero = Z.dtype.type(0)
    shift, factor = work[SHIFT], work[PULL]
    for j in range(bias.size):
        factor[j] = work[FACTOR, j] * scale[j]
    draw_words(words, key)
    bits = _sixteens(words, *Z.shape)
    for i in range(Z.shape[0]):
        row, to = Z[i], out[i]
        if bits.size:
            draw = bits[i]
            for j in range(row.size):
                z = (row[j] - shift[j]) * factor[j] + bias[j]
                z = zero if z < zero else z * keep_scale
                to[j] = zero if draw[j] < threshold else z
        else:
            for j in range(row.size):
                z = (row[j] - shift[j]) * factor[j] + bias[j]
                to[j] = zero if z < zero else z


@_jit
def learn_rectify(
    Z,
    statistics,
    momentum,
    epsilon,
    work,
    moments,
    scale,
    bias,
    words,
    key,
    threshold,
    keep_scale,
    out,
):
    """Take the moments of a batch, and its way through :func:`normalise_rectify`."""
    learn_moments(Z, statistics, momentum, epsilon, work, moments)
    normalise_rectify(Z, work, scale, bias, words, key, threshold, keep_scale, out)


@_jit
def normalise_backward(Z, work, scale, delta, moments, gradient):
    """Turn the slope in the scaled output into that before standardising."""
    sums, products = moments[0], moments[1]
    shift, part, other = work[SHIFT], work[PART], work[OTHER_PART]
    sums[:] = 0.0
    products[:] = 0.0
    part[:] = 0
    other[:] = 0
    for i in range(Z.shape[0]):
        _flush(i, part, sums)
        _flush(i, other, products)
        z, d = Z[i], delta[i]
        for j in range(d.size):
            part[j] += d[j]
            other[j] += d[j] * (z[j] - shift[j])
    _flush(0, part, sums)
    _flush(0, other, products)
    _leave_the_batch(Z, work, scale, delta, sums, products, gradient)


@_jit
def normalise_rectify_backward(
    Z, H, work, scale, keep_scale, delta, moments, gradient, bias_gradient
):
    """Turn the slope in the output `H` into that before standardising."""
    zero = H.dtype.type(0)
    sums, products = moments[0], moments[1]
    shift, part, other = work[SHIFT], work[PART], work[OTHER_PART]
    sums[:] = 0.0
    products[:] = 0.0
    part[:] = 0
    other[:] = 0
    for i in range(Z.shape[0]):
        _flush(i, part, sums)
        _flush(i, other, products)
        z, h, d = Z[i], H[i], delta[i]
        for j in range(d.size):
            # a dropped unit is zero too
            slope = d[j] * keep_scale if h[j] > zero else zero
            d[j] = slope
            part[j] += slope
            other[j] += slope * (z[j] - shift[j])
    _flush(0, part, sums)
    _flush(0, other, products)
    for j in range(bias_gradient.size):
        bias_gradient[j] = sums[j]
    _leave_the_batch(Z, work, scale, delta, sums, products, gradient)


@_jit
def _leave_the_batch(Z, work, scale, delta, sums, products, gradient):
    """Take from the slope its parts along the constant and along `Z`.

    Mean and variance move with the batch, so the slope has neither.
    """
    n, m = Z.shape
    shift, factor, pull = work[SHIFT], work[FACTOR], work[PULL]
    constant, along = work[PART], work[OTHER_PART]
    for j in range(m):
        products[j] *= factor[j]
        gradient[j] = products[j]
        pull[j] = scale[j] * factor[j]
        constant[j] = sums[j] / n
        along[j] = factor[j] * products[j] / n
    for i in range(n):
        z, d = Z[i], delta[i]
        for j in range(m):
            d[j] = pull[j] * (d[j] - constant[j] - (z[j] - shift[j]) * along[j])


@_jit
def _add_up(i, row, part, sums):
    """Add row `i` to the sums over a few rows, and those at times to the whole."""
    _flush(i, part, sums)
    for j in range(row.size):
        part[j] += row[j]


@_jit
def _flush(i, part, sums):
    if i % _ROWS == 0:
        for j in range(part.size):
            sums[j] += part[j]
            part[j] = 0


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
