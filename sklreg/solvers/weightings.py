"""One problem under many weightings of the same rows: bootstraps as counts.

No row is copied. Products that are linear in the weights (means, variances,
correlations with the residuals, all the certificates) are made for many weightings at
once, as one product of matrices; only a Gram matrix is made for each by itself, from
the rows that have a weight and the columns that may matter. The solution on the
unweighted rows says which these are, and every weighting starts from it.
"""

from dataclasses import dataclass

import numpy as np

from sklreg._views import read_only
from sklreg.solvers import _weightings_kernels as kernels
from sklreg.solvers.design import make_design

# Rows of a block, and values of one that is copied: it stays within the caches.
_BLOCK_ROWS, _BLOCK_VALUES = 1024, 1 << 18
# Runs of blocks that threads may work on side by side, and rows not worth a run.
_RUNS, _LEAST_ROWS = 4, 128
# A variance that is this part of what it is the difference of is not to be trusted.
_CANCELLED = 1e-10
# Weightings solved side by side hold arrays of this part of the size of X.
_CHUNK_SHARE = 6


@dataclass
class WeightedFit:
    """The solution under one weighting.

    Attributes
    ----------
    w : ndarray of shape (n_features,) or (n_features, n_targets)
        Coefficients on the scale of X.
    mean : ndarray of shape (n_features,)
        Weighted means of the columns of X, zero if they are not centred.
    variance : ndarray of shape (n_features,) or None
        Weighted variances of the columns, where they were asked for.
    offset : float or ndarray of shape (n_targets,)
        Weighted mean of y, zero without centring.
    gap : float or ndarray of shape (n_targets,)
        Duality gap, in the units of the solver's objective.
    goal : float
        What the gap was to be brought down to.
    n_iter : int
        Events of the active set, or sweeps.
    """

    w: np.ndarray
    mean: np.ndarray
    variance: np.ndarray | None
    offset: np.ndarray
    gap: np.ndarray
    goal: float
    n_iter: int


class Weightings:
    """Dense data whose rows are weighted in many ways.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Data in float32 or float64, any memory order; it is only read.
    Y : ndarray of shape (n_samples, n_targets)
        Targets.
    center : bool
        Whether an unpenalised intercept is fitted.
    variances : bool
        Whether the weighted variances of the columns are needed.
    each : callable
        ``each(function, items)`` returns a list of the function's values; it may run
        them on several threads.
    """

    def __init__(self, X, Y, *, center, variances, each):
        self.X = X
        self.base = make_design(X, None, center)
        self.center = center
        self.variances = variances
        self.each = each
        Y = np.asarray(Y, dtype=np.float64)
        self.level = Y.mean(axis=0) if center else np.zeros(Y.shape[1])
        self.Y = Y - self.level

    def chunks(self, weights, count):
        """Yield a :class:`Chunk` for every few of `count` weight vectors."""
        size = max(2, self.X.shape[1] // _CHUNK_SHARE)
        size = -(-count // max(1, -(-count // size)))  # chunks of like size
        columns = []
        for weight in weights:
            columns.append(np.asarray(weight, dtype=np.float64))
            if len(columns) == size:
                yield Chunk(self, np.stack(columns, axis=1))
                columns = []
        if columns:
            yield Chunk(self, np.stack(columns, axis=1))

    def transpose_times(self, V):
        """Return ``(X - mean)^T V``, the mean being that of all rows, or zero."""

        def of_run(run):
            return sum(
                block.T @ V[rows] - np.outer(mean, V[rows].sum(axis=0))
                for rows, block, mean in self.blocks(run)
            )

        return sum(self.each(of_run, self.runs()))

    def times(self, W):
        """Return ``(X - mean) W``."""
        out = np.empty((len(self.X), W.shape[1]))

        def of_run(run):
            for rows, block, mean in self.blocks(run):
                np.matmul(block, W, out=out[rows])
                out[rows] -= mean @ W

        self.each(of_run, self.runs())
        return out

    def weighted_times(self, share, P):
        """Return ``(X - mean)^T (share * ((X - mean) P))``, in one pass over X.

        ``share`` and P hold a weighting a column.
        """

        def of_run(run):
            total = np.zeros(P.shape)
            for rows, block, mean in self.blocks(run):
                fitted = block @ P
                fitted -= mean @ P
                fitted *= share[rows]
                total += block.T @ fitted
                total -= np.outer(mean, fitted.sum(axis=0))
            return total

        return sum(self.each(of_run, self.runs()))

    def gram(self):
        """Return ``(X - mean)^T (X - mean)``."""

        def of_run(run):
            total = np.zeros((self.X.shape[1], self.X.shape[1]))
            for rows in run:
                block = self.X[rows] - self.base.mean
                total += block.T @ block
            return total

        return sum(self.each(of_run, self.runs()))

    def squares_times(self, V):
        """Return ``((X - mean) ** 2)^T V``."""

        def of_run(run):
            total = np.zeros((self.X.shape[1], V.shape[1]))
            for rows in run:
                block = self.X[rows] - self.base.mean
                block *= block
                total += block.T @ V[rows]
            return total

        return sum(self.each(of_run, self.runs()))

    def runs(self):
        """Return lists of slices of rows, as much work each, for threads."""
        n_rows = len(self.X)
        n_blocks = _RUNS * -(-n_rows // (_RUNS * _BLOCK_ROWS))
        blocks = row_blocks(n_rows, max(_LEAST_ROWS, -(-n_rows // n_blocks)))
        step = -(-len(blocks) // _RUNS)
        return [blocks[i : i + step] for i in range(0, len(blocks), step)]

    def blocks(self, run):
        """Yield slices of rows, these rows, and the means still to be taken from them.

        They are rows of X itself where centring afterwards loses no digits.
        """
        as_they_are = self.X.dtype == np.float64 and not self.base.far
        for rows in run:
            if as_they_are:
                yield rows, self.X[rows], self.base.mean
            else:
                yield rows, self.X[rows] - self.base.mean, np.zeros(self.X.shape[1])

    def panel(self, columns):
        """Return a :class:`Panel` of these columns."""
        return Panel(self, columns)


class Chunk:
    """Some weightings side by side, with what is linear in them.

    Attributes
    ----------
    total : ndarray of shape (n_weightings,)
        Sums of the weights.
    share : ndarray of shape (n_samples, n_weightings)
        Weights that sum to one.
    shift : ndarray of shape (n_features, n_weightings)
        Weighted means of the columns less those of all rows.
    lift : ndarray of shape (n_targets, n_weightings)
        Weighted means of the targets less those of all rows.
    variance : ndarray of shape (n_features, n_weightings) or None
        Weighted variances of the columns.
    """

    def __init__(self, data, weights):
        self.data = data
        self.total = weights.sum(axis=0)
        self.share = weights / self.total
        n_features, n_targets = data.X.shape[1], data.Y.shape[1]
        count = weights.shape[1]
        self.shift = np.zeros((n_features, count))
        self.lift = np.zeros((n_targets, count))
        if data.center:
            self.shift = data.transpose_times(self.share)
            self.lift = data.Y.T @ self.share
        self.variance = None
        if data.variances:
            self._set_variance()

    def _set_variance(self):
        squares = self.data.squares_times(self.share)
        self.variance = squares - self.shift**2
        # all rows that differ may be out of a draw: what is left may be rounding only
        doubtful = self.variance <= _CANCELLED * squares
        for j in np.flatnonzero(doubtful.any(axis=1)):
            which = np.flatnonzero(doubtful[j])
            share = self.share[:, which]
            column = self.data.X[:, j].astype(np.float64)
            mean = column @ share
            self.shift[j, which] = mean - self.data.base.mean[j]
            self.variance[j, which] = np.einsum(
                "ib,ib->b", share, (column[:, None] - mean) ** 2
            )

    def __len__(self):
        return len(self.total)

    def mean(self, b):
        """Return the weighted means of the columns."""
        return self.data.base.mean + self.shift[:, b]

    def offset(self, b):
        """Return the weighted means of the targets."""
        return self.data.level + self.lift[:, b]

    def column_variance(self, b):
        """Return the weighted variances of the columns, or None."""
        return None if self.variance is None else self.variance[:, b]

    def scale(self, b):
        """Return the weighted standard deviations, or ones where none are needed."""
        if self.variance is None:
            return np.ones(len(self.shift))
        return column_scale(self.mean(b), self.variance[:, b], len(self.share))

    def spread(self):
        """Return the weighted variances of the targets, a row a target."""
        return np.maximum((self.data.Y**2).T @ self.share - self.lift**2, 0.0)

    def each_column(self, function):
        """Return ``function(b)`` of every weighting as the columns of an array."""
        return np.stack([function(b) for b in range(len(self))], axis=1)

    def constant(self, b):
        """Return which columns are constant, none where variances are not needed."""
        if self.variance is None:
            return np.zeros(len(self.shift), dtype=bool)
        return is_constant(self.mean(b), self.variance[:, b], len(self.share))

    def moments(self, panel, b, local=slice(None)):
        """Return ``A^T A`` and ``A^T B`` of one weighting on columns of a panel.

        A and B are centred; their rows carry the square roots of the shares.
        """
        share = self.share[:, b]
        gram, products = panel.moments(share, self.data.Y, local)
        shift = self.shift[panel.columns[local], b]
        gram -= np.outer(shift, shift)
        products -= np.outer(shift, self.lift[:, b])
        if self.variance is not None:
            constant = self.constant(b)[panel.columns[local]]
            gram[constant], gram[:, constant], products[constant] = 0.0, 0.0, 0.0
        return gram, products

    def residuals(self, panel, W, k=0):
        """Return the residuals of target k, shape (n_samples, n_weightings).

        ``W`` holds coefficients on the panel's columns, one column a weighting.
        """
        fitted = panel.times(W)
        fitted -= np.einsum("jb,jb->b", self.shift[panel.columns], W)
        return self.data.Y[:, [k]] - self.lift[k] - fitted

    def curvature_times(self, P, which=slice(None)):
        """Return ``A^T A p`` for a column p of P for each of some weightings."""
        shift = self.shift[:, which]
        product = self.data.weighted_times(self.share[:, which], P)
        return product - shift * np.einsum("jb,jb->b", shift, P)

    def correlations(self, weighted):
        """Return ``A^T R``, shape (n_features, n_weightings), from one product.

        ``weighted`` holds the residuals times ``share``.
        """
        found = self.data.transpose_times(weighted)
        if self.data.center:
            found -= self.shift * weighted.sum(axis=0)
        return found


class Panel:
    """Some columns of X less their means: a copy, or X itself where it is most of X."""

    def __init__(self, data, columns):
        X = data.X
        self.source = data
        self.columns = np.asarray(columns, dtype=np.int64)
        self.mean = data.base.mean[self.columns]
        self.whole = len(columns) == X.shape[1]
        self.data = X if self.whole else np.empty((X.shape[0], len(columns)))
        if not self.whole:
            data.each(self._copy, data.runs())

    def _copy(self, run):
        rows = np.arange(run[0].start, run[-1].stop)
        ones = np.ones(len(rows))
        block = _scaled_block(self.source.X, rows, self.columns, self.mean, ones)
        self.data[rows[0] : rows[-1] + 1] = block

    def __len__(self):
        return len(self.columns)

    def moments(self, share, Y, local=slice(None)):
        """Return ``C^T S C`` and ``C^T S Y`` for columns C of it and shares S."""
        size = len(self.columns[local])
        gram, products = np.zeros((size, size)), np.zeros((size, Y.shape[1]))
        scratch = np.empty((size, size))
        rows = np.flatnonzero(share)
        root = np.sqrt(share[rows])
        for part in row_blocks(len(rows), max(64, _BLOCK_VALUES // max(1, size))):
            chosen = rows[part]
            block = self.rows(chosen, local, root[part])
            np.dot(block.T, block, out=scratch)
            gram += scratch
            products += block.T @ (Y[chosen] * root[part, None])
        return gram, products

    def times(self, W):
        """Return the panel times W, for W of shape (n_columns, n_weightings)."""
        if self.whole:
            return self.source.times(W)
        out = np.empty((self.data.shape[0], W.shape[1]))

        def of_run(run):
            rows = slice(run[0].start, run[-1].stop)
            np.matmul(self.data[rows], W, out=out[rows])

        self.source.each(of_run, self.source.runs())
        return out

    def rows(self, rows, local=slice(None), root=None):
        """Return rows of the panel, of some of its columns, times ``root``."""
        columns = np.arange(len(self))[local]
        mean = self.mean[local] if self.whole else np.zeros(len(columns))
        root = np.ones(len(rows)) if root is None else root
        return _scaled_block(self.data, rows, columns, mean, root)


def _scaled_block(X, rows, columns, mean, root):
    """Return ``root * (X[rows][:, columns] - mean)`` in the memory order of X."""
    if X.flags.c_contiguous:
        out = np.empty((len(rows), len(columns)))
        kernels.scaled_rows(read_only(X), rows, columns, mean, root, out)
        return out
    out = np.empty((len(columns), len(rows)))
    kernels.scaled_columns(read_only(X.T), rows, columns, mean, root, out)
    return out.T


def is_constant(mean, variance, n_samples):
    """Return which columns are constant, by the bound of scikit-learn's scaler."""
    eps = np.finfo(np.float64).eps
    return variance <= n_samples * eps * variance + (n_samples * mean * eps) ** 2


def column_scale(mean, variance, n_samples):
    """Return standard deviations, 1 where a column is constant."""
    constant = is_constant(mean, variance, n_samples)
    return np.where(constant, 1.0, np.sqrt(np.where(constant, 1.0, variance)))


def row_blocks(n_rows, step=_BLOCK_ROWS):
    """Return slices of rows that are worked on at a time."""
    return [slice(i, min(i + step, n_rows)) for i in range(0, n_rows, step)]
