"""One problem under many weightings of the same rows: bootstraps as counts.

No row is copied. Products that are linear in the weights (means, variances,
correlations with the residuals, all the certificates) are made for many weightings at
once, as one product of matrices; only a Gram matrix is made for each by itself, from
the rows that have a weight and the columns that may matter. The solution on the
unweighted rows says which these are, and every weighting starts from it.
"""

from dataclasses import dataclass

import numpy as np

from sklreg.solvers.design import make_design

# Rows of a block whose Gram matrix is added up: its copy stays within the caches.
_BLOCK_ROWS = 1024
# Weightings solved side by side hold arrays of this part of the size of X.
_CHUNK_SHARE = 8


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

    def chunks(self, weights):
        """Yield a :class:`Chunk` for every few of the weight vectors."""
        size = max(2, self.X.shape[1] // _CHUNK_SHARE)
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
        return self.base.correlate(V / self.base.root)

    def squares_times(self, V):
        """Return ``((X - mean) ** 2)^T V``."""
        total = np.zeros((self.X.shape[1], V.shape[1]))
        for rows in row_blocks(len(V)):
            block = self.X[rows] - self.base.mean
            block *= block
            total += block.T.astype(np.float64, copy=False) @ V[rows]
        return total

    def panel(self, columns):
        """Return a :class:`Panel` of these columns."""
        return Panel(self.X, columns, self.base.mean)


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
            self.variance = data.squares_times(self.share) - self.shift**2

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
            constant = is_constant(self.mean(b), self.variance[:, b], len(share))
            constant = constant[panel.columns[local]]
            gram[constant], gram[:, constant], products[constant] = 0.0, 0.0, 0.0
        return gram, products

    def residuals(self, panel, W, k=0):
        """Return the residuals of target k, shape (n_samples, n_weightings).

        ``W`` holds coefficients on the panel's columns, one column a weighting.
        """
        fitted = panel.times(W)
        fitted -= np.einsum("jb,jb->b", self.shift[panel.columns], W)
        return self.data.Y[:, [k]] - self.lift[k] - fitted

    def correlations(self, residuals):
        """Return ``A^T R``, shape (n_features, n_weightings), from one product."""
        weighted = self.share * residuals
        found = self.data.transpose_times(weighted)
        if self.data.center:
            found -= self.shift * weighted.sum(axis=0)
        return found


class Panel:
    """Some columns of X less their means: a copy, or X itself where it is most of X."""

    def __init__(self, X, columns, mean):
        self.columns = np.asarray(columns, dtype=np.int64)
        self.mean = mean[self.columns]
        self.whole = len(columns) == X.shape[1]
        self.by_rows = not (self.whole and X.flags.f_contiguous)
        if self.whole:
            self.data = X
        else:
            self.data = np.ascontiguousarray(X[:, self.columns], dtype=np.float64)
            self.data -= self.mean

    def __len__(self):
        return len(self.columns)

    def moments(self, share, Y, local=slice(None)):
        """Return ``C^T S C`` and ``C^T S Y`` for columns C of it and shares S."""
        size = len(self.columns[local])
        gram, products = np.zeros((size, size)), np.zeros((size, Y.shape[1]))
        scratch = np.empty((size, size))
        rows = np.flatnonzero(share)
        root = np.sqrt(share[rows])
        for part in row_blocks(len(rows)):
            chosen = rows[part]
            block = self.rows(chosen, local) * root[part, None]
            np.dot(block.T, block, out=scratch)
            gram += scratch
            products += block.T @ (Y[chosen] * root[part, None])
        return gram, products

    def times(self, W):
        """Return the panel times W, for W of shape (n_columns, n_weightings)."""
        out = np.empty((self.data.shape[0], W.shape[1]))
        if not self.whole:
            return np.matmul(self.data, W, out=out)
        for part in row_blocks(len(out)):
            np.matmul(self.rows(part), W, out=out[part])
        return out

    def rows(self, rows, local=slice(None)):
        """Return rows of the panel, of some of its columns, in float64."""
        whole = isinstance(local, slice)
        if not self.by_rows:  # rows of a Fortran-ordered X: the block keeps its order
            block = self.data.T[:, rows] if whole else self.data.T[np.ix_(local, rows)]
            return (block - self.mean[local, None]).astype(np.float64, copy=False).T
        block = self.data[rows] if whole else self.data[np.ix_(rows, local)]
        if not self.whole:
            return block
        return block.astype(np.float64, copy=False) - self.mean[local]


def is_constant(mean, variance, n_samples):
    """Return which columns are constant, by the bound of scikit-learn's scaler."""
    eps = np.finfo(np.float64).eps
    return variance <= n_samples * eps * variance + (n_samples * mean * eps) ** 2


def column_scale(mean, variance, n_samples):
    """Return standard deviations, 1 where a column is constant."""
    constant = is_constant(mean, variance, n_samples)
    return np.where(constant, 1.0, np.sqrt(np.where(constant, 1.0, variance)))


def row_blocks(n_rows):
    """Return slices of rows that are worked on at a time."""
    return [slice(i, i + _BLOCK_ROWS) for i in range(0, n_rows, _BLOCK_ROWS)]
