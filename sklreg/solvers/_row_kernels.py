"""Arithmetic on one row of the data, and rows asked for before their turn.

Dense rows and CSR rows share the functions. Dense data is `X` of shape (n_samples,
n_features) with `indices` and `indptr` None, a type of its own to numba, which drops
the other layout's branches when it compiles; CSR data is `X` of shape (1, n_stored)
with its two index arrays.
"""

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

# Rows whose whole is asked for ahead of use: in random order each is a cache miss.
AHEAD = 8
# Rows whose places are asked for together.
BURST = 16
LINE = 64

_jit = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})


@intrinsic
def _prefetch(typingctx, array, position):
    """Ask for the cache line of ``array[position]`` without waiting for it."""

    def codegen(context, builder, signature, args):
        view = context.make_array(signature.args[0])(context, builder, args[0])
        address = cgutils.gep(builder, view.data, args[1])
        address = builder.bitcast(address, cgutils.voidptr_t)
        flag = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch",
            [address.type],
            ir.FunctionType(ir.VoidType(), [address.type, flag, flag, flag]),
        )
        # for reading, to be kept in all caches, data
        builder.call(function, [address, flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), codegen


@_jit
def span(X, indptr, i):
    """Return where row `i` stands: a row of `X`, and its first and last place there.

    Numbers and not a view of the row, which would have its references counted; not
    negative by their type, which saves the checks for negative indices.
    """
    if indptr is not None:
        return np.uintp(0), np.uintp(indptr[i]), np.uintp(indptr[i + 1])
    return np.uintp(i), np.uintp(0), np.uintp(X.shape[1])


@_jit
def fetch_places(X, indices, indptr, y, sample_weight, order, i):
    """Ask for what leads to the rows that come after a burst from the `i`-th.

    In two stages, each of which finds what it reads in the cache already: where the
    rows of the burst after next begin, with their targets and weights; both ends of
    the next burst's rows, which brings in the addresses of their pages. Addresses are
    the slow part once the data is large: asked for together they are waited for once.
    """
    n = order.size
    for k in range(i + 2 * BURST, min(n, i + 3 * BURST)):
        coming = order[k]
        _prefetch(y, coming)
        _prefetch(sample_weight, coming)
        if indptr is not None:
            _prefetch(indptr, coming)
    for k in range(i + BURST, min(n, i + 2 * BURST)):
        r, start, stop = span(X, indptr, order[k])
        _prefetch(X, r * X.shape[1] + start)
        _prefetch(X, r * X.shape[1] + stop - np.uintp(1))
        if indices is not None:
            _prefetch(indices, start)
            _prefetch(indices, stop - np.uintp(1))


@_jit
def fetch(X, indices, r, start, stop):
    """Ask for the whole of a row."""
    for j in range(start, stop, np.uintp(LINE // X.itemsize)):
        _prefetch(X, r * X.shape[1] + j)
    if indices is not None:
        for j in range(start, stop, np.uintp(LINE // indices.itemsize)):
            _prefetch(indices, j)


@_jit
def dot(w, X, indices, r, start, stop):
    """Return the product of the weights and a row."""
    total = 0.0
    if indices is None:
        for j in range(start, stop):
            total += w[j] * X[r, j]
    else:
        for j in range(start, stop):
            total += w[np.uintp(indices[j])] * X[r, j]
    return total


@_jit
def row_square(X, r, start, stop):
    """Return the squared norm of a row."""
    total = 0.0
    for j in range(start, stop):
        total += np.float64(X[r, j]) * X[r, j]
    return total


@_jit
def square(w):
    """Return the squared norm of a vector."""
    total = 0.0
    for j in range(w.size):
        total += w[j] * w[j]
    return total


@_jit
def add(w, X, indices, r, start, stop, step):
    """Add a multiple of a row."""
    if indices is None:
        for j in range(start, stop):
            w[j] += step * X[r, j]
    else:
        for j in range(start, stop):
            w[np.uintp(indices[j])] += step * X[r, j]


@_jit
def add_and_measure(w, X, indices, r, start, stop, step):
    """Add, and return the squared and the absolute sum of the weights touched."""
    squares = 0.0
    absolute = 0.0
    for j in range(start, stop):
        k = j if indices is None else np.uintp(indices[j])
        moved = w[k] + step * X[r, j]
        w[k] = moved
        squares += moved * moved
        absolute += abs(moved)
    return squares, absolute


@_jit
def truncated(weight, paid, owed, inverse_scale):
    """Move one weight towards zero by the penalty it still owes.

    Without branches: signs are random. `paid` is never larger than `owed`, so a
    weight of zero stays there.
    """
    paid = paid if weight > 0.0 else -paid
    size = max(0.0, abs(weight) - (owed + paid) * inverse_scale)
    return math.copysign(size, weight)


@_jit
def add_and_truncate(w, q, X, indices, r, start, stop, step, u, wscale):
    """Add, then apply the cumulative L1 penalty of Tsuruoka et al. (2009).

    Returns the squared and the absolute sum of the weights touched, before the penalty.
    """
    inverse_scale = 1.0 / wscale
    squares = 0.0
    absolute = 0.0
    for j in range(start, stop):
        k = j if indices is None else np.uintp(indices[j])
        old = w[k] + step * X[r, j]
        new = truncated(old, q[k], u, inverse_scale)
        w[k] = new
        q[k] += wscale * (new - old)
        squares += old * old
        absolute += abs(old)
    return squares, absolute


@_jit
def touched_square(w, indices, start, stop):
    """Return the squared sum of the weights that a row touches."""
    if indices is None:
        return square(w)
    total = 0.0
    for j in range(start, stop):
        total += w[np.uintp(indices[j])] ** 2
    return total
