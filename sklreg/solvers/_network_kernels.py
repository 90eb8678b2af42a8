"""Compiled passes of network training: losses of a batch, steps, the norm constraint,
rows of sparse batches.

All parameters of a network are one vector, the penalised weights first, so that a step
is one pass. Where a step takes `numbers`, these are its constants in the dtype of the
parameters: a constant of another dtype would turn the whole loop into double precision.
"""

import math

from numba import njit

from sklreg._losses_kernels import CODES, gradient, value

__all__ = [
    "CODES",
    "adam",
    "elementwise_loss",
    "expand_rows",
    "gather_rows",
    "momentum",
    "project",
    "softmax_loss",
]

RATE, DECAY_1, REST_1, DECAY_2, REST_2, EPSILON, L2, SHRINK, L1, N_NUMBERS = range(10)
# Sums of squares run in single precision only so far.
_BLOCK = 4096

# Python's error model would look for a zero before every division, number by number.
_jit = njit(
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "nsz", "arcp"},
)


@_jit
def softmax_loss(Z, Y, weight, total):
    """Return the mean loss, and turn raw predictions into its slope.

    Y has rows of probabilities. `total` is the sum of the weights; empty weights are
    ones.
    """
    loss = 0.0
    for i in range(Z.shape[0]):
        z, y = Z[i], Y[i]
        largest = z[0]
        for k in range(1, z.size):
            largest = max(largest, z[k])
        mass = 0.0
        expected = 0.0
        for k in range(z.size):
            z[k] -= largest
            expected += y[k] * z[k]
            z[k] = math.exp(z[k])
            mass += z[k]
        w = weight[i] if weight.size else 1.0
        loss += w * (math.log(mass) - expected)
        share, pull = z.dtype.type(w / (total * mass)), z.dtype.type(w / total)
        for k in range(z.size):
            z[k] = z[k] * share - y[k] * pull
    return loss / total


@_jit
def elementwise_loss(code, Z, Y, weight, total):
    """Return the mean over rows of the sum of losses, and turn Z into its slope."""
    loss = 0.0
    for i in range(Z.shape[0]):
        z, y = Z[i], Y[i]
        w = weight[i] if weight.size else 1.0
        for k in range(z.size):
            target, raw = float(y[k]), float(z[k])
            loss += w * value(code, target, raw, 0.0)
            z[k] = w / total * gradient(code, target, raw, 0.0)
    return loss / total


@_jit
def adam(theta, slope, first, second, n_weights, numbers):
    """Take Adam's step; return the sums of squares and of sizes before it.

    The L1 part is a proximal step in the metric of the step (Yun, Lozano & Yang, 2021):
    its fixed points are those of the penalised objective.
    """
    rate, decay_1, rest_1 = numbers[RATE], numbers[DECAY_1], numbers[REST_1]
    decay_2, rest_2, epsilon = numbers[DECAY_2], numbers[REST_2], numbers[EPSILON]
    l2, shrink, l1 = numbers[L2], numbers[SHRINK], numbers[L1]
    zero = theta.dtype.type(0)
    squares = 0.0
    sizes = 0.0
    for start in range(0, n_weights, _BLOCK):
        stop = min(start + _BLOCK, n_weights)
        w, g = theta[start:stop], slope[start:stop]
        m, v = first[start:stop], second[start:stop]
        square = zero
        if l1 > zero:
            size = zero
            for k in range(w.size):
                square += w[k] * w[k]
                size += abs(w[k])
                d = g[k] + l2 * w[k]
                m[k] = decay_1 * m[k] + rest_1 * d
                v[k] = decay_2 * v[k] + rest_2 * d * d
                spread = math.sqrt(v[k]) + epsilon
                moved = shrink * w[k] - rate * m[k] / spread
                cut = l1 / spread
                left = abs(moved) - cut
                left = left if left > zero else zero
                w[k] = left if moved > zero else -left
            sizes += size
        else:
            for k in range(w.size):
                square += w[k] * w[k]
                d = g[k] + l2 * w[k]
                m[k] = decay_1 * m[k] + rest_1 * d
                v[k] = decay_2 * v[k] + rest_2 * d * d
                w[k] = shrink * w[k] - rate * m[k] / (math.sqrt(v[k]) + epsilon)
        squares += square
    w, g = theta[n_weights:], slope[n_weights:]
    m, v = first[n_weights:], second[n_weights:]
    for k in range(w.size):
        m[k] = decay_1 * m[k] + rest_1 * g[k]
        v[k] = decay_2 * v[k] + rest_2 * g[k] * g[k]
        w[k] -= rate * m[k] / (math.sqrt(v[k]) + epsilon)
    return squares, sizes


@_jit
def momentum(theta, slope, velocity, n_weights, nesterov, numbers):
    """Take a gradient step with momentum; return the sums before it."""
    rate, decay = numbers[RATE], numbers[DECAY_1]
    l2, shrink, l1 = numbers[L2], numbers[SHRINK], numbers[L1]
    zero = theta.dtype.type(0)
    squares = 0.0
    sizes = 0.0
    for start in range(0, n_weights, _BLOCK):
        stop = min(start + _BLOCK, n_weights)
        w, g, v = theta[start:stop], slope[start:stop], velocity[start:stop]
        square = zero
        size = zero
        for k in range(w.size):
            square += w[k] * w[k]
            size += abs(w[k])
            move = rate * (g[k] + l2 * w[k])
            v[k] = decay * v[k] - move
            step = decay * v[k] - move if nesterov else v[k]
            w[k] = shrink * w[k] + step
        if l1 > zero:
            for k in range(w.size):
                left = abs(w[k]) - l1
                left = left if left > zero else zero
                w[k] = left if w[k] > zero else -left
        squares += square
        sizes += size
    w, g, v = theta[n_weights:], slope[n_weights:], velocity[n_weights:]
    for k in range(w.size):
        move = rate * g[k]
        v[k] = decay * v[k] - move
        w[k] += decay * v[k] - move if nesterov else v[k]
    return squares, sizes


@_jit
def project(theta, shapes, radius, slack, norms):
    """Scale columns longer than `radius` back to it; return the largest norm then.

    The matrices lie in `theta` one after the other; `shapes` has a row for each.
    """
    largest = 0.0
    start = 0
    for layer in range(shapes.shape[0]):
        n, m = shapes[layer]
        W = theta[start : start + n * m].reshape(n, m)
        start += n * m
        norm = norms[:m]
        norm[:] = 0.0
        for i in range(n):
            row = W[i]
            for j in range(m):
                w = float(row[j])
                norm[j] += w * w
        longer = False
        for j in range(m):
            length = math.sqrt(norm[j])
            norm[j] = 1.0
            if length > radius:
                longer = True
                norm[j] = radius * slack / length
                length = radius * slack
            largest = max(largest, length)
        if longer:
            for i in range(n):
                row = W[i]
                for j in range(m):
                    row[j] *= norm[j]
    return largest


@_jit
def gather_rows(data, indices, indptr, rows, to_data, to_indices, to_indptr):
    """Copy rows of a CSR matrix."""
    at = 0
    to_indptr[0] = 0
    for i in range(rows.size):
        for k in range(indptr[rows[i]], indptr[rows[i] + 1]):
            to_data[at] = data[k]
            to_indices[at] = indices[k]
            at += 1
        to_indptr[i + 1] = at


@_jit
def expand_rows(data, indices, indptr, out):
    """Write the rows of a CSR matrix as dense ones."""
    out[:] = 0
    for i in range(out.shape[0]):
        for k in range(indptr[i], indptr[i + 1]):
            out[i, indices[k]] += data[k]
