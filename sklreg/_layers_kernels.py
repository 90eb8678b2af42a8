"""Compiled passes of :mod:`sklreg.layers`: what a layer does to every number.

Buffers belong to the layers and are written in place. A random number of 16 bits a unit
decides which units are dropped: those below `threshold`. It is kept until the way back,
which so finds the same mask. Sums over rows run in float64.
"""

import math

from numba import njit

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
def add_bias_rectify(Z, bias, bits, threshold, scale):
    zero = Z.dtype.type(0)
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
def drop(X, bits, threshold, scale, out):
    """Set what is drawn to zero and scale up the rest."""
    zero = X.dtype.type(0)
    for i in range(X.shape[0]):
        row, draw, to = X[i], bits[i], out[i]
        for j in range(row.size):
            to[j] = zero if draw[j] < threshold else row[j] * scale


@_jit
def drop_in_place(X, bits, threshold, scale):
    zero = X.dtype.type(0)
    for i in range(X.shape[0]):
        row, draw = X[i], bits[i]
        for j in range(row.size):
            row[j] = zero if draw[j] < threshold else row[j] * scale


@_jit
def activation_backward(
    function, H, slope, bits, threshold, scale, keep, delta, sums, gradient
):
    """Turn the slope in the output `H` into that before bias and function.

    `slope` is the derivative that :func:`gelu` put aside; the others follow from the
    output itself, which is ``scale = 1 / keep`` times the function where it was kept.
    `gradient` becomes the slope in the bias.
    """
    zero, one = H.dtype.type(0), H.dtype.type(1)
    sums[:] = 0.0
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
        for j in range(row.size):
            sums[j] += d[j]
    for j in range(gradient.size):
        gradient[j] = sums[j]


@_jit
def learn_moments(Z, mean, variance, statistics, momentum, epsilon, shift, factor):
    """Set mean and (biased) variance of each column, in two passes.

    `shift` and `factor` become what :func:`normalise` takes; the running averages in
    `statistics`, of means, of variances and at the end their number, move on.
    """
    n, m = Z.shape
    mean[:] = 0.0
    variance[:] = 0.0
    for i in range(n):
        row = Z[i]
        for j in range(m):
            mean[j] += row[j]
    for j in range(m):
        mean[j] /= n
    for i in range(n):
        row = Z[i]
        for j in range(m):
            difference = row[j] - mean[j]
            variance[j] += difference * difference
    statistics[2 * m] += 1.0
    share = max(momentum, 1.0 / statistics[2 * m])
    # the variance of the population, from that of a sample
    unbiased = n / max(n - 1, 1)
    for j in range(m):
        variance[j] /= n
        shift[j] = mean[j]
        factor[j] = 1.0 / math.sqrt(variance[j] + epsilon)
        statistics[j] += share * (mean[j] - statistics[j])
        statistics[m + j] += share * (unbiased * variance[j] - statistics[m + j])


@_jit
def normalise(Z, shift, factor, scale, out):
    """Standardise `Z` in place; `out` is what `scale` makes of it."""
    for i in range(Z.shape[0]):
        row, to = Z[i], out[i]
        for j in range(row.size):
            z = (row[j] - shift[j]) * factor[j]
            row[j] = z
            to[j] = z * scale[j]


@_jit
def normalise_backward(Z, factor, scale, delta, sums, products, gradient):
    """Turn the slope in the scaled output into that before standardising.

    Mean and variance move with the batch, so the slope loses its parts along the
    constant and along `Z`, the standardised values.
    """
    n, m = Z.shape
    sums[:] = 0.0
    products[:] = 0.0
    for i in range(n):
        row, d = Z[i], delta[i]
        for j in range(m):
            sums[j] += d[j]
            products[j] += d[j] * row[j]
    for j in range(m):
        gradient[j] = products[j]
        sums[j] /= n
        products[j] /= n
    for i in range(n):
        row, d = Z[i], delta[i]
        for j in range(m):
            d[j] = scale[j] * factor[j] * (d[j] - sums[j] - row[j] * products[j])


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
