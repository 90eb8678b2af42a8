"""A data matrix as the least-squares solvers see it: centred and weighted, unwritten.

The solvers minimise ``1/2 ||b - A w||^2 + ...`` where row i of ``A`` is
``sqrt(s_i) (x_i - mean)`` and the weights ``s`` sum to one. ``A`` is never written
down as a whole: products with it go through X, and only the columns of a working set
are copied into a panel.
"""

import numpy as np
from scipy.sparse import issparse

from sklreg._threads import in_parts
from sklreg._views import read_only
from sklreg.solvers import _design_kernels as kernels
from sklreg.solvers._sparse_gram_kernels import rows_gram
from sklreg.solvers.centring import centred_gram, is_far
from sklreg.solvers.narrow_products import (
    correlate_rows,
    multiplies_as_it_is,
    narrow_product,
    transposed_product,
)

_BLOCK_BYTES = 1 << 20
_PART_BYTES = 1 << 24
# Columns whose mean is this many times their spread lose digits to implicit centring.
_FAR = 1e3
# Columns for which a loop of ours costs as little as a call of BLAS.
_LONG = 2048
# Rows of a C-ordered X whose columns are read while they are in the cache.
_TILE = 64
# Entries of a sparse X, and values of a dense one, that are worth a thread.
_ENTRIES_A_THREAD, _VALUES_A_THREAD = 1 << 18, 1 << 20


def make_design(X, sample_weight=None, center=True, y=None):
    """Wrap X, dense or CSC, for the least-squares solvers.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features)
        Data in float32 or float64, any memory order; it is only read.
    sample_weight : ndarray of shape (n_samples,) or None
        Non-negative weights with a positive sum; they are normalised here.
    center : bool
        Whether an unpenalised intercept is fitted.
    y : ndarray of shape (n_samples,) or None
        A target to multiply with while the means are found, on one reading of X.

    Returns
    -------
    DenseDesign or SparseDesign
    """
    kind = SparseDesign if issparse(X) else DenseDesign
    return kind(X, sample_weight, center, y)


class Design:
    """What dense and sparse designs share: weights, centring and targets.

    Attributes
    ----------
    shape : tuple of int
        Shape of X.
    mean : ndarray of shape (n_features,)
        Weighted column means, zero without centring.
    weight : float or ndarray of shape (n_samples,)
        Weights that sum to one (a float when they are equal).
    root : float or ndarray of shape (n_samples,)
        Square root of ``weight``.
    gram_cancels : bool
        Whether ``gram`` subtracts what may be nearly as large.
    correlation : ndarray of shape (n_features,) or None
        ``A^T b`` for the y given, where the means came with it.
    """

    gram_cancels = False

    def __init__(self, X, sample_weight, center, y=None):
        self.X = X
        self.shape = X.shape
        self.center = center
        n_samples, n_features = X.shape
        if sample_weight is None:
            self.weight = 1.0 / n_samples
        else:
            weight = np.asarray(sample_weight, dtype=np.float64)
            self.weight = weight / weight.sum()
        self.root = np.sqrt(self.weight)
        self.mean, self.correlation = np.zeros(n_features), None
        if center:
            ones = np.full(n_samples, 1.0) * self.weight
            if y is None:
                self.mean = self._x_transpose(ones)
            else:
                weighted = self.weight * self.targets(y)[0]
                pair = np.stack([ones, weighted])
                self.mean, product = self._correlate_pair(pair)
                self.correlation = product - self.mean * weighted.sum()
        self.taken_out = np.zeros(n_features)

    def targets(self, y):
        """Return ``(target, offset)``: y without its weighted mean, and that mean."""
        y = np.asarray(y, dtype=np.float64)
        if not self.center:
            return y, np.zeros(y.shape[1:])
        weight = np.broadcast_to(self.weight, (self.shape[0],))
        # Taking out y[0] first leaves a constant target exactly constant.
        offset = y[0] + weight @ (y - y[0])
        return y - offset, offset

    def weigh(self, R):
        """Return R with its rows scaled by the square root of their weights."""
        return R * (self.root if R.ndim == 1 else np.reshape(self.root, (-1, 1)))

    def correlate(self, R):
        """Return ``A^T R`` for R of shape (n_samples,) or (n_samples, k)."""
        weighted = self.weigh(R)
        product = self._x_transpose(weighted)
        if self.center:
            product -= np.multiply.outer(self.mean, weighted.sum(axis=0))
        return product

    def raw_correlate(self, V):
        """Return ``X^T V``, neither centred nor weighted."""
        return self._x_transpose(V)

    def apply(self, w, support=None):
        """Return ``A w``; only the columns in ``support`` are read."""
        if support is None:
            support = np.flatnonzero(w)
        if not len(support):
            return np.zeros(self.shape[0])
        product = self.raw_product(support, w[support])
        return self.root * (product - self.mean[support] @ w[support])

    def intercept(self, offset, w):
        """Return the intercept of ``w``, or of each column, on the original scale."""
        return offset - (self.mean + self.taken_out) @ w


class DenseDesign(Design):
    """Design over an ndarray in C or Fortran order."""

    sparse = False

    def __init__(self, X, sample_weight, center, y=None):
        super().__init__(X, sample_weight, center, y)
        self.far = center and is_far(X, self.mean, _FAR)
        if self.far:
            self.correlation = None

    def correlate(self, R):
        """Return ``A^T R`` for R of shape (n_samples,) or (n_samples, k)."""
        if not self.far:
            return super().correlate(R)
        weighted = self.weigh(R)
        product = np.empty((self.shape[1], *R.shape[1:]))
        for block in self._blocks(1):
            product[block] = (self.X[:, block] - self.mean[block]).T @ weighted
        return product

    def apply(self, w, support=None):
        """Return ``A w``; only the columns in ``support`` are read."""
        if not self.far:
            return super().apply(w, support)
        support = np.flatnonzero(w) if support is None else support
        product = np.zeros(self.shape[0])
        for part in self._parts(support):
            product += (self.X[:, part] - self.mean[part]) @ w[part]
        return self.root * product

    def _blocks(self, axis):
        """Slices along an axis whose float64 copy fits into the cache."""
        length = self.shape[axis]
        other = max(1, self.shape[1 - axis])
        step = max(8, _BLOCK_BYTES // (8 * other))
        return [slice(i, i + step) for i in range(0, length, step)]

    def _parts(self, support):
        """Yield a support in parts whose columns take little memory."""
        step = max(8, _PART_BYTES // (8 * max(1, self.shape[0])))
        for start in range(0, len(support), step):
            yield support[start : start + step]

    def _correlate_pair(self, V):
        if not self.X.flags.f_contiguous or self.shape[0] < _LONG:
            return self._x_transpose(V[0]), self._x_transpose(V[1])
        rows, least = read_only(self.X.T), 1 + _VALUES_A_THREAD // self.shape[0]

        def part(first, last):
            return correlate_rows(rows, np.arange(first, last), V)

        return np.concatenate(in_parts(part, self.shape[1], least), axis=1)

    def _x_transpose(self, V):
        X = self.X
        if X.dtype == np.float64:
            return X.T @ V
        # float32 data: products accumulate in float64.
        if multiplies_as_it_is(X, V[:1].size):
            return transposed_product(X, V.reshape(len(V), -1)).reshape(
                -1, *V.shape[1:]
            )
        if X.flags.f_contiguous:
            blocks = [X[:, block].astype(np.float64).T @ V for block in self._blocks(1)]
            return np.concatenate(blocks) if blocks else X.T @ V
        total = np.zeros((self.shape[1], *V.shape[1:]))
        for block in self._blocks(0):
            total += X[block].astype(np.float64).T @ V[block]
        return total

    def raw_product(self, support, w):
        """Return ``X[:, support] w``, neither centred nor weighted."""
        if self.X.dtype != np.float64 and multiplies_as_it_is(self.X, 1):
            return narrow_product(self.X, w[:, None], support)[:, 0]
        if len(support) == self.shape[1]:
            columns = self.X
        elif self.X.flags.f_contiguous and 2 * len(support) <= self.shape[1]:
            # In parts, so that a large support is not a copy of X.
            product = np.zeros(self.shape[0])
            last = 0
            for part in self._parts(support):
                first, last = last, last + len(part)
                product += (
                    self.X[:, part].astype(np.float64, copy=False) @ w[first:last]
                )
            return product
        elif len(support) * 8 <= self.shape[1]:
            columns = self.X[:, support]
        else:
            full = np.zeros(self.shape[1])
            full[support] = w
            columns, w = self.X, full
        if columns.dtype == np.float64:
            return columns @ w
        product = np.zeros(self.shape[0])
        for block in self._blocks(0):
            product[block] = columns[block].astype(np.float64) @ w
        return product

    def raw_products(self, W):
        """Return ``W X^T`` for coefficients in rows, neither centred nor weighted."""
        support = np.flatnonzero(W.any(axis=0))
        if self.X.dtype == np.float64 and 2 * len(support) > self.shape[1]:
            return W @ self.X.T
        product = np.zeros((len(W), self.shape[0]))
        for part in self._parts(support):
            columns = self.X[:, part].astype(np.float64, copy=False)
            product += W[:, part] @ columns.T
        return product

    def fill_panel(self, columns, out):
        """Write ``A[:, columns]`` to a Fortran-ordered array; return squared norms."""
        return self.fill_rows(columns, out.T)

    def fill_rows(self, columns, out):
        """Write ``A[:, columns]^T`` to an array of any precision, as above."""
        return kernels.dense_panel(
            read_only(self.X), columns, self.mean, self._roots(), self._tile(), out
        )

    def correlate_columns(self, columns, R):
        """Return ``A[:, columns]^T R`` for one or several residuals."""
        panel = np.empty((self.shape[0], len(columns)), order="F")
        self.fill_panel(columns, panel)
        return panel.T @ R

    def all_squares(self):
        """Return the squared norm of every column of ``A``."""
        out = np.zeros(self.shape[1])
        kernels.dense_squares(
            read_only(self.X), self.mean, self._roots(), self._tile(), out
        )
        return out

    def _roots(self):
        root = np.broadcast_to(np.asarray(self.root), (self.shape[0],))
        return read_only(np.ascontiguousarray(root))

    def _tile(self):
        """Rows to read at a time: whole columns where they are contiguous."""
        return _TILE if self.X.flags.c_contiguous else max(1, self.shape[0])

    def raw_panel(self, columns, out):
        """Write ``X[:, columns]`` to a Fortran-ordered float64 array."""
        ones = read_only(np.ones(self.shape[0]))
        zeros = np.zeros(self.shape[1])
        kernels.dense_panel(
            read_only(self.X), columns, zeros, ones, self._tile(), out.T
        )

    def center_in_place(self):
        """Subtract the means from X itself, where the caller has given X away."""
        if self.X.flags.writeable:
            self.X -= self.mean.astype(self.X.dtype)
            self.taken_out += self.mean
            self.mean = self._x_transpose(np.full(self.shape[0], 1.0) * self.weight)
            self.far = False

    def gram(self):
        """Return the whole ``A^T A``, accumulated over blocks of rows if need be."""
        (n_samples, n_features), equal = self.shape, np.ndim(self.weight) == 0
        if equal and self.X.dtype == np.float64:
            gram = centred_gram(self.X, self.mean)
            if gram is not None:
                gram *= self.weight
                return gram
        total, scratch = np.zeros((2, n_features, n_features))
        step = max(64, 8 * _BLOCK_BYTES // (8 * max(1, n_features)))
        order = "F" if self.X.flags.f_contiguous else "C"
        buffer = np.empty((min(step, n_samples), n_features), order=order)
        for start in range(0, n_samples, step):
            rows = slice(start, min(start + step, n_samples))
            block = buffer[: rows.stop - start]
            np.subtract(self.X[rows], self.mean, out=block)
            if not equal:
                block *= self.root[rows, None]
            total += np.dot(block.T, block, out=scratch)
        return total * self.weight if equal else total


class SparseDesign(Design):
    """Design over a CSC matrix or array; centring stays implicit throughout."""

    sparse = True

    def __init__(self, X, sample_weight, center, y=None):
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        super().__init__(X, sample_weight, center, y)
        full = np.diff(X.indptr) == self.shape[0]
        if self.correlation is not None and full.any():
            # These are centred before they are multiplied.
            self.correlation = None

    def correlate(self, R, out=None):
        """Return ``A^T R``, as :meth:`correlate_columns`."""
        return self.correlate_columns(np.arange(self.shape[1]), R, out)

    def correlate_columns(self, columns, R, out=None):
        """Return ``A[:, columns]^T R`` for R of shape (n_samples,) or (n_samples, k).

        ``out``, if given, has the shape (k, n_columns).
        """
        weighted = self.weigh(R).reshape(len(R), -1)
        if out is None:
            out = np.empty((weighted.shape[1], len(columns)))
        sums = weighted.sum(axis=0)
        self._correlate(columns, np.ascontiguousarray(weighted), self.mean, sums, out)
        return out[0] if R.ndim == 1 else out.T

    def raw_correlate_columns(self, columns, V):
        """Return ``V X[:, columns]``, neither centred nor weighted.

        V has the shape (k, n_samples) for a small k.
        """
        k, n_samples = V.shape
        # The kernel is fastest for eight.
        rows = np.zeros((n_samples, 8 if 2 < k < 8 else k))
        rows[:, :k] = V.T
        out = np.empty((rows.shape[1], len(columns)))
        nothing = np.zeros(rows.shape[1])
        self._correlate(columns, rows, np.zeros(self.shape[1]), nothing, out)
        return out[:k]

    def _correlate(self, columns, V, mean, sums, out):
        entries = 1 + self.X.nnz // max(1, self.shape[1])
        in_parts(
            kernels.csc_correlate,
            len(columns),
            1 + _ENTRIES_A_THREAD // entries,
            *self.arrays(),
            columns,
            mean,
            V,
            sums,
            out,
        )

    def _correlate_pair(self, V):
        return self._x_transpose(V.T).T

    def _x_transpose(self, V):
        rows = np.ascontiguousarray(V.reshape(len(V), -1))
        nothing = np.zeros(self.shape[1]), np.zeros(rows.shape[1])
        out = np.empty((rows.shape[1], self.shape[1]))
        self._correlate(np.arange(self.shape[1]), rows, *nothing, out)
        return out[0] if V.ndim == 1 else out.T

    def raw_product(self, support, w):
        """Return ``X[:, support] w``, neither centred nor weighted."""
        return self._stored_product(support, np.zeros(len(support)), w)

    def _stored_product(self, support, origin, w):
        out = np.zeros(self.shape[0])
        kernels.csc_columns_times(*self.arrays(), support, origin, w, out)
        return out

    def apply(self, w, support=None):
        """Return ``A w``; only the columns in ``support`` are read."""
        support = np.flatnonzero(w) if support is None else support
        mean = self.mean[support]
        # Columns without zeros are centred entry by entry, as in ``correlate``.
        full = self.X.indptr[support + 1] - self.X.indptr[support] == self.shape[0]
        product = self._stored_product(support, np.where(full, mean, 0.0), w[support])
        return self.root * (product - np.where(full, 0.0, mean) @ w[support])

    def arrays(self):
        """Return read-only ``(data, indices, indptr)`` of X.

        Indices of 32 bits are unsigned, so that no kernel asks whether they count from
        the end.
        """
        X = self.X
        indices = X.indices.view(np.uint32) if X.indices.itemsize == 4 else X.indices
        return read_only(X.data), read_only(indices), read_only(X.indptr)

    def weights(self):
        """Return the weights as an array: one entry when they are all equal."""
        return np.atleast_1d(np.asarray(self.weight, dtype=np.float64))

    def squares(self, columns):
        """Return the squared norms of the columns of ``A``."""
        out = np.empty(len(columns))
        kernels.csc_column_squares(
            *self.arrays(), columns, self.mean, self.weights(), 1.0, out
        )
        return out

    def all_squares(self):
        """Return the squared norm of every column of ``A``."""
        return self.squares(np.arange(self.shape[1]))

    def cross_gram(self, rows, columns):
        """Return ``A[:, rows]^T A[:, columns]``."""
        lengths = np.diff(self.X.indptr)
        if max(lengths[rows].max(), lengths[columns].max()) < self.shape[0]:
            return self._gram_by_rows(rows, columns)
        out = np.empty((len(rows), len(columns)))
        scatter = np.zeros(self.shape[0])
        kernels.csc_gram(
            *self.arrays(), rows, columns, self.mean, self.weights(), scatter, out
        )
        return out

    def gram(self):
        """Return the whole ``A^T A``."""
        every = np.arange(self.shape[1])
        return self.cross_gram(every, every)

    @property
    def gram_cancels(self):
        """Whether ``gram`` subtracts what may be nearly as large."""
        return bool(np.any(self.mean**2 > self.all_squares()))

    def _gram_by_rows(self, rows, columns):
        """Return the same where no column is without zeros, row by row of X."""
        weight = np.broadcast_to(self.weight, (self.shape[0],))
        weight = np.ascontiguousarray(weight, dtype=np.float64)
        gram = np.empty((len(columns), len(rows)))
        same = np.array_equal(rows, columns)
        rows_gram(
            *self.arrays(), rows, columns, same, weight, gram, np.empty(len(rows))
        )
        gram -= np.multiply.outer(self.mean[columns], self.mean[rows])
        return gram.T
