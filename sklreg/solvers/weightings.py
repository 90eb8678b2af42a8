"""One problem under many weightings of the same rows: bootstraps as counts.

No row is copied. Products that are linear in the weights (means, variances,
correlations with the residuals, all the certificates) are made for many weightings at
once, as one product of matrices; only a Gram matrix is made for each by itself, from
the rows that have a weight and the columns that may matter. The solution on the
unweighted rows says which these are, and every weighting starts from it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sklreg.solvers._coordinate_descent_kernels import duality_gap
from sklreg.solvers.active_set import ActiveSet
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.ridge_certificate import ridge_gap

# Rows of a block whose Gram matrix is added up: its copy stays within the caches.
_BLOCK_ROWS = 1024
# Weightings solved side by side hold arrays of this part of the size of X.
_CHUNK_SHARE = 8
# A column may matter if its correlation has come this close to its level.
_LIKELY = 0.9
# What is left of a violation after an exact solution is rounding.
_ROUNDING = 1e-9
_ROUNDS = 8
# Above this share of the columns a panel of its own is not worth its memory.
_WHOLE_SHARE = 0.7


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
        for rows in _row_blocks(len(V)):
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
        for part in _row_blocks(len(rows)):
            chosen = rows[part]
            block = self._rows(chosen, local) * root[part, None]
            np.dot(block.T, block, out=scratch)
            gram += scratch
            products += block.T @ (Y[chosen] * root[part, None])
        return gram, products

    def times(self, W):
        """Return the panel times W, for W of shape (n_columns, n_weightings)."""
        out = np.empty((self.data.shape[0], W.shape[1]))
        if not self.whole:
            return np.matmul(self.data, W, out=out)
        for part in _row_blocks(len(out)):
            np.matmul(self._rows(part), W, out=out[part])
        return out

    def _rows(self, rows, local=slice(None)):
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


def _row_blocks(n_rows):
    return [slice(i, i + _BLOCK_ROWS) for i in range(0, n_rows, _BLOCK_ROWS)]


# Lasso and elastic net


class _GramSet:
    """A Gram matrix as :class:`ActiveSet` asks for it."""

    def __init__(self, gram, n_samples):
        self.gram = gram
        self.design = self
        self.shape = (n_samples, len(gram))

    def __len__(self):
        return len(self.gram)


def enet_weightings(data, weights, l1, l2, *, positive=False, tol=1e-4, max_iter=1000):
    """Solve the elastic net under each weighting of the rows.

    For every weighting, its weights s normalised to sum to one, minimises
    ``1/2 sum_i s_i (y_i - x_i w - b)^2 + sum_j l1 d_j |w_j| + l2 / 2 d_j^2 w_j^2`` with
    d the weighted standard deviations where ``data`` has variances, else ones. The
    solutions are exact up to rounding where the active set reaches its end.

    Parameters
    ----------
    data : Weightings
        Rows and one target.
    weights : iterable of ndarray of shape (n_samples,)
        Non-negative weights with positive sums.
    l1, l2 : float
        Penalties; `l1` must be positive.
    positive : bool
        Whether coefficients are kept from falling below zero.
    tol : float
        Where the exact solution fails, the gap is brought down to
        ``tol * sum_i s_i (y_i - mean)^2``.
    max_iter : int
        Bound on sweeps there.

    Returns
    -------
    list of WeightedFit
    """
    solver = _ElasticNets(data, l1, l2, positive, tol, max_iter)
    return [fit for chunk in data.chunks(weights) for fit in solver.solve(chunk)]


class _ElasticNets:
    """The elastic net under many weightings: columns that may matter, and a start."""

    def __init__(self, data, l1, l2, positive, tol, max_iter):
        self.data, self.positive = data, positive
        self.l1, self.l2 = l1, l2
        self.tol, self.max_iter = tol, max_iter
        target, _ = data.base.targets(data.Y[:, 0])
        problem = LeastSquaresProblem(data.base, target, positive=positive)
        scale = np.ones(data.X.shape[1])
        if data.variances:
            equal = np.full((len(target), 1), 1.0 / len(target))
            squares = data.squares_times(equal)[:, 0]
            scale = column_scale(data.base.mean, squares, len(target))
        start = problem.solve(l1 * scale, l2 * scale**2, tol=1e-6, max_iter=max_iter)
        self.start = start.w

    def solve(self, chunk):
        """Return a :class:`WeightedFit` for every weighting of a chunk."""
        count = len(chunk)
        scale = np.stack([chunk.scale(b) for b in range(count)], axis=1)
        L1, L2 = self.l1 * scale, self.l2 * scale**2
        W = np.repeat(self.start[:, None], count, axis=1)
        n_iter = np.zeros(count, dtype=int)
        inside = W != 0.0
        panel = self._panel(inside)
        gaps, excess = self._certify(chunk, panel, W, L1, L2)
        left = np.arange(count)
        for _ in range(_ROUNDS):
            # every weighting has columns of its own, and all have one panel
            inside[:, left] |= excess[:, left] > (_LIKELY - 1.0) * L1[:, left]
            panel = self._panel(inside)
            moved = self.data.each(
                lambda b, panel=panel: self._move(
                    chunk, panel, b, W[:, b], inside[:, b], L1, L2
                ),
                left,
            )
            for b, (w, events) in zip(left, moved, strict=True):
                W[:, b] = w
                n_iter[b] += abs(events)
            exact = np.array([events >= 0 for _, events in moved])
            gaps, excess = self._certify(chunk, panel, W, L1, L2)
            violated = np.any((excess > _ROUNDING * L1) & ~inside, axis=0)
            left = left[exact & violated[left]]
            if not len(left):
                break
        goals = self.tol * np.einsum("ib,ib->b", chunk.share, self._centred(chunk) ** 2)
        for b in np.flatnonzero(~(gaps <= goals)):
            design = make_design(self.data.X, chunk.share[:, b], self.data.center)
            target, _ = design.targets(self.data.Y[:, 0])
            problem = LeastSquaresProblem(design, target, positive=self.positive)
            found = problem.solve(
                L1[:, b], L2[:, b], W[:, b], tol=self.tol, max_iter=self.max_iter
            )
            W[:, b], gaps[b], n_iter[b] = found.w, found.gap, found.n_iter
        return [
            WeightedFit(
                W[:, b].copy(),
                chunk.mean(b),
                chunk.column_variance(b),
                chunk.offset(b)[0],
                gaps[b],
                goals[b],
                max(1, int(n_iter[b])),
            )
            for b in range(count)
        ]

    def _panel(self, inside):
        columns = np.flatnonzero(inside.any(axis=1))
        if len(columns) > _WHOLE_SHARE * len(inside):
            columns = np.arange(len(inside))
        return self.data.panel(columns)

    def _centred(self, chunk):
        return self.data.Y[:, :1] - chunk.lift[0]

    def _move(self, chunk, panel, b, w, inside, L1, L2):
        """Return the solution on some columns and its events, -1 where it failed."""
        local = np.flatnonzero(inside[panel.columns])
        if len(local) > _WHOLE_SHARE * len(panel):
            local = slice(None)
        columns = panel.columns[local]
        gram, products = chunk.moments(panel, b, local)
        part = w[columns]
        gradient = products[:, 0] - gram @ part
        active = ActiveSet(_GramSet(gram, self.data.X.shape[0]))
        done, events = active.move(
            part,
            gradient,
            np.ascontiguousarray(L1[columns, b]),
            np.ascontiguousarray(L2[columns, b]),
            self.positive,
        )
        full = np.zeros(len(w))
        full[columns] = part
        return full, (events if done else -1)

    def _certify(self, chunk, panel, W, L1, L2):
        """Return the duality gaps, and correlations in excess of their levels."""
        residuals = chunk.residuals(panel, np.ascontiguousarray(W[panel.columns]))
        C = chunk.correlations(residuals)
        squares = np.einsum("ib,ib,ib->b", chunk.share, residuals, residuals)
        with_target = np.einsum(
            "ib,ib,ib->b", chunk.share, residuals, self._centred(chunk)
        )
        gaps = np.empty(len(chunk))
        for b in range(len(chunk)):
            gaps[b], _ = duality_gap(
                np.ascontiguousarray(W[:, b]),
                np.ascontiguousarray(C[:, b]),
                np.ascontiguousarray(L1[:, b]),
                np.ascontiguousarray(L2[:, b]),
                float(squares[b]),
                float(with_target[b]),
                self.positive,
            )
        slope = C - L2 * W
        slope = slope if self.positive else np.abs(slope)
        return gaps, slope - L1


# Ridge


def ridge_weightings(data, weights, alpha):
    """Solve ridge regression under each weighting of the rows, in closed form.

    For every weighting and target minimises
    ``sum_i s_i (y_i - x_i w - b)^2 + alpha sum_j d_j^2 w_j^2``, with d as in
    :func:`enet_weightings` and the weights s as they are.

    Parameters
    ----------
    data : Weightings
        Rows and targets.
    weights : iterable of ndarray of shape (n_samples,)
        Non-negative weights with positive sums.
    alpha : ndarray of shape (n_targets,)
        Positive penalties.

    Returns
    -------
    list of WeightedFit
    """
    n_samples, n_features = data.X.shape
    wide = n_features > n_samples and not data.variances
    panel = data.panel(np.arange(n_features))
    kernel = _centred_kernel(panel) if wide else None
    found = []
    for chunk in data.chunks(weights):
        numbers = range(len(chunk))
        if wide:
            coefs = data.each(
                lambda b, chunk=chunk: _wide_ridge(chunk, kernel, panel, b, alpha),
                numbers,
            )
        else:
            coefs = data.each(
                lambda b, chunk=chunk: _tall_ridge(chunk, panel, b, alpha), numbers
            )
        coefs = np.stack(coefs, axis=2)
        gaps = _ridge_gaps(chunk, panel, coefs, alpha)
        found += [
            WeightedFit(
                coefs[:, :, b],
                chunk.mean(b),
                chunk.column_variance(b),
                chunk.offset(b),
                gaps[:, b],
                np.inf,
                1,
            )
            for b in numbers
        ]
    return found


def _tall_ridge(chunk, panel, b, alpha):
    """Coefficients from the Gram matrix of the features."""
    gram, products = chunk.moments(panel, b)
    diagonal = np.einsum("jj->j", gram)
    scale = chunk.scale(b) ** 2 / chunk.total[b]
    own = diagonal.copy()
    coef = np.empty_like(products)
    for level in np.unique(alpha):
        targets = np.flatnonzero(alpha == level)
        diagonal[:] = own + level * scale
        coef[:, targets] = linalg.solve(
            gram, products[:, targets], assume_a="pos", check_finite=False
        )
    return coef


def _centred_kernel(panel):
    """``C C^T`` for the panel C: products of all pairs of rows."""
    n_rows = panel.data.shape[0]
    kernel = np.empty((n_rows, n_rows))
    every = panel._rows(slice(None))
    np.dot(every, every.T, out=kernel)
    return kernel


def _wide_ridge(chunk, kernel, panel, b, alpha):
    """Coefficients from the products of pairs of rows, shared by all weightings."""
    share = chunk.share[:, b]
    rows = np.flatnonzero(share)
    s = share[rows]
    K = kernel[np.ix_(rows, rows)]
    Y = chunk.data.Y[rows] - chunk.lift[:, b]
    if chunk.data.center:
        level = K @ s
        K += s @ level - level[:, None] - level
    root = np.sqrt(s)
    K *= root[:, None] * root
    diagonal = np.einsum("ii->i", K)
    own = diagonal.copy()
    dual = np.empty_like(Y)
    for level in np.unique(alpha):
        targets = np.flatnonzero(alpha == level)
        diagonal[:] = own + level / chunk.total[b]
        dual[:, targets] = linalg.solve(
            K, root[:, None] * Y[:, targets], assume_a="pos", check_finite=False
        )
    dual *= root[:, None]
    full = np.zeros((len(share), dual.shape[1]))
    full[rows] = dual
    coef = chunk.data.transpose_times(full)
    if chunk.data.center:
        coef -= np.outer(chunk.shift[:, b], dual.sum(axis=0))
    return coef


def _ridge_gaps(chunk, panel, coefs, alpha):
    """Duality gaps, shape (n_targets, n_weightings), from the true residuals."""
    gaps = np.empty((len(alpha), len(chunk)))
    scale = np.stack([chunk.scale(b) for b in range(len(chunk))], axis=1)
    for k, penalty in enumerate(alpha):
        W = np.ascontiguousarray(coefs[:, k])
        residuals = chunk.residuals(panel, W, k)
        pulled = chunk.total * chunk.correlations(residuals)
        level = np.einsum("ib,ib->b", chunk.share, residuals) * chunk.data.center
        gaps[k] = ridge_gap(
            W * scale,
            np.full(len(chunk), penalty),
            pulled / scale,
            level,
            chunk.total,
            False,
        )
    return gaps
