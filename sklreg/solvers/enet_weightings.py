"""Lasso and elastic net under many weightings of the same rows."""

import numpy as np

from sklreg.solvers._coordinate_descent_kernels import duality_gap
from sklreg.solvers.active_set import ActiveSet
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.weightings import WeightedFit, column_scale

# A column may matter if its correlation has come this close to its level.
_LIKELY = 0.9
# What is left of a violation after an exact solution is rounding.
_ROUNDING = 1e-9
_ROUNDS = 8
# Above this share of the columns a panel of its own is not worth its memory.
_WHOLE_SHARE = 0.7


class _GramSet:
    """A Gram matrix as :class:`ActiveSet` asks for it."""

    def __init__(self, gram, n_samples):
        self.gram = gram
        self.design = self
        self.shape = (n_samples, len(gram))

    def __len__(self):
        return len(self.gram)


def enet_weightings(
    data, weights, count, l1, l2, *, positive=False, tol=1e-4, max_iter=1000
):
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
    count : int
        Number of weightings.
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
    return [fit for chunk in data.chunks(weights, count) for fit in solver.solve(chunk)]


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
        self.panel = None

    def solve(self, chunk):
        """Return a :class:`WeightedFit` for every weighting of a chunk."""
        count = len(chunk)
        scale = chunk.each_column(chunk.scale)
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
        goals = self.tol * chunk.spread()[0]
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
        """Return a panel of the columns inside, the one at hand if they are in it."""
        columns = np.flatnonzero(inside.any(axis=1))
        if self.panel is None or not np.isin(columns, self.panel.columns).all():
            if len(columns) > _WHOLE_SHARE * len(inside):
                columns = np.arange(len(inside))
            self.panel = self.data.panel(columns)
        return self.panel

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
        weighted = chunk.share * residuals
        C = chunk.correlations(weighted)
        squares = np.einsum("ib,ib->b", weighted, residuals)
        with_target = self.data.Y[:, 0] @ weighted
        with_target -= chunk.lift[0] * weighted.sum(axis=0)
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
