"""Lasso and elastic net with bounds on the coefficients.

The problem of :mod:`sklreg.solvers.coordinate_descent` over ``lower <= w <= upper``,
with ``lower <= 0 <= upper``. A bound is a penalty whose value is 0 or infinity: in the
dual it adds ``upper (v - l1)_+`` or ``-lower (-v - l1)_+`` where the feature's
correlation v exceeds its level.
"""

import numpy as np
from scipy import linalg

from sklreg.solvers import _box_kernels as kernels
from sklreg.solvers.coordinate_descent import (
    _FIRST_VIOLATORS,
    _WHOLE,
    LeastSquaresProblem,
    Solution,
)

_SWEEPS = 50
#: Changes of the free set that one exact solution may meet.
_EVENTS = 200
#: Rounds without a lower gap after which rounding is all that is left.
_ROUNDS = 6
#: How far beyond its own size a coefficient without penalty and bound is looked for.
_REACH = 10.0


def box_gap(w, correlation, l1, l2, lower, upper, square, with_target):
    """Return the duality gap of w, feasible, with residual r.

    Parameters
    ----------
    w : ndarray of shape (n_features,)
        Coefficients within their bounds.
    correlation : ndarray of shape (n_features,)
        ``A^T r``.
    l1, l2, lower, upper : ndarray of shape (n_features,)
        Penalties and bounds.
    square, with_target : float
        ``r^T r`` and ``r^T b``.

    Returns
    -------
    float
        The gap of the best multiple of r that is tried: r itself, and the largest
        one for which the dual is finite.
    """
    primal = 0.5 * square + l1 @ np.abs(w) + 0.5 * l2 @ w**2
    open_side = np.where(correlation > 0.0, np.isinf(upper), np.isinf(lower))
    critical = open_side & (l2 == 0.0) & (np.abs(correlation) > l1)
    scale = 1.0
    if critical.any():
        scale = float(np.min(l1[critical] / np.abs(correlation[critical])))
    room = np.where(correlation > 0.0, upper, -lower)
    excess = np.maximum(scale * np.abs(correlation) - l1, 0.0)
    excess[critical] = 0.0
    over = excess > 0.0
    excess, l2, room = excess[over], l2[over], room[over]
    with np.errstate(divide="ignore"):
        best = np.minimum(excess / l2, room)
    dual = scale * with_target - 0.5 * scale**2 * square
    return float(primal - dual + np.sum(excess * best - 0.5 * l2 * best**2))


class BoxProblem(LeastSquaresProblem):
    """One design and target, solved within bounds for one penalty after another.

    Parameters
    ----------
    design, target : DenseDesign or SparseDesign, ndarray of shape (n_samples,)
        As for :class:`LeastSquaresProblem`.
    lower, upper : ndarray of shape (n_features,)
        Bounds of the coefficients; infinity is none.
    **options : dict
        As for :class:`LeastSquaresProblem`.
    """

    def __init__(self, design, target, lower, upper, **options):
        super().__init__(design, target, **options)
        self.lower, self.upper = lower, upper

    def alpha_max(self, l1_ratio=1.0):
        """Return the smallest alpha at which every penalised coefficient is zero."""
        penalised = self.l1_factor > 0.0
        q = self.q
        if not penalised.all():
            shut = np.where(penalised, 0.0, np.inf)
            null = BoxProblem(
                self.design,
                self.target,
                np.maximum(self.lower, -shut),
                np.minimum(self.upper, shut),
                correlation=self.q,
            )
            q = null.solve(0.0, 0.0, tol=1e-12).correlation
        top = np.where(self.upper > 0.0, q, 0.0)
        top = np.maximum(top, np.where(self.lower < 0.0, -q, 0.0))
        return float(np.max(top[penalised] / self.l1_factor[penalised])) / l1_ratio

    def in_blocks(self):
        """Bounds are left to coordinate descent."""
        return False

    def solve(self, l1, l2, w=None, *, tol=1e-4, max_iter=1000, correlation=None):
        """Solve for one penalty; see :meth:`LeastSquaresProblem.solve`."""
        n_features = self.design.shape[1]
        l1, l2 = l1 * self.l1_factor, l2 * self.l2_factor
        w = np.zeros(n_features) if w is None else np.array(w, dtype=np.float64)
        clipped = np.clip(w, self.lower, self.upper)
        if not np.array_equal(clipped, w):
            w, correlation = clipped, None
        goal = self.goal(tol)
        n_iter = rounds_lost = 0
        best, kept = np.inf, None
        while True:
            correlation, gap = self._certify_box(w, l1, l2, correlation)
            rounds_lost = 0 if gap < 0.9 * best else rounds_lost + 1
            if gap < best or kept is None:
                best, kept = gap, Solution(w.copy(), gap, n_iter, correlation)
            done = gap <= goal or n_iter >= max_iter or not np.isfinite(gap)
            if done or rounds_lost > _ROUNDS:
                kept.n_iter = n_iter
                return kept
            self.working.add(self._violators(w, correlation, l1, l2))
            n_iter += self._descend_box(w, correlation, l1, l2, goal, max_iter - n_iter)
            correlation = None

    def _certify_box(self, w, l1, l2, correlation):
        residual = self.residual(w)
        if correlation is None:
            correlation = self.design.correlate(residual) if w.any() else self.q
        lower, upper = self._reachable(w, l1, l2)
        gap = box_gap(
            w,
            correlation,
            self.certified_level(l1),
            l2,
            lower,
            upper,
            float(residual @ residual),
            float(residual @ self.b),
        )
        return correlation, gap

    def _reachable(self, w, l1, l2):
        """Return the bounds, finite ones where there is no penalty.

        Without a penalty there may be no dual point that is feasible: the gap then
        holds among coefficients within _REACH times ``|w_j| + ||b|| / ||A_j||``.
        """
        unpenalised = (l1 == 0.0) & (l2 == 0.0)
        if not unpenalised.any():
            return self.lower, self.upper
        columns = self.working.columns
        # Columns that the working set does not hold yet violate optimality or nothing.
        reach = np.full(len(w), np.inf)
        squares = np.maximum(self.working.squares, 1e-300)
        reach[columns] = np.sqrt(self.null_square / squares)
        reach = _REACH * (np.abs(w) + reach)
        return (
            np.where(unpenalised, np.maximum(self.lower, -reach), self.lower),
            np.where(unpenalised, np.minimum(self.upper, reach), self.upper),
        )

    def _violators(self, w, correlation, l1, l2):
        """Return the support and the columns that may leave zero with most gain."""
        if len(w) <= _WHOLE:
            return np.arange(len(w))
        up = np.where(self.upper > 0.0, correlation, -np.inf)
        down = np.where(self.lower < 0.0, -correlation, -np.inf)
        excess = np.maximum(up, down) - l1
        support = np.flatnonzero(w)
        excess[support] = excess[self.working.columns] = -np.inf
        violators = np.flatnonzero(excess > 0.0)
        count = max(_FIRST_VIOLATORS, 2 * len(support))
        if len(violators) > count:
            top = np.argpartition(excess[violators], -count)[-count:]
            violators = violators[top]
        return np.concatenate([support, np.sort(violators)])

    def _descend_box(self, w, correlation, l1, l2, goal, max_sweeps):
        """Solve on the working set, in place; return the number of sweeps."""
        columns = self.working.columns
        m, local = len(columns), w[columns]
        G = np.ascontiguousarray(self.working.gram[:m, :m])
        gradient = correlation[columns].copy()
        terms = l1[columns], l2[columns], self.lower[columns], self.upper[columns]
        sweeps = kernels.box_descent(
            G,
            gradient,
            local,
            *terms,
            max(1, min(_SWEEPS, max_sweeps)),
            1e-3 * np.sqrt(goal),
        )
        _exact(G, gradient, local, *terms)
        w[columns] = local
        return sweeps


def _exact(G, gradient, w, l1, l2, lower, upper):
    """Newton steps on the free coefficients, each cut at the first zero or bound.

    The objective never rises; a coefficient that meets its end stays there.
    """
    free = (w > lower) & (w < upper) & ((w != 0.0) | (l1 == 0.0))
    free &= G.diagonal() + l2 > 0.0
    for _ in range(_EVENTS):
        F = np.flatnonzero(free)
        if not len(F):
            return
        slope = gradient[F] - l1[F] * np.sign(w[F]) - l2[F] * w[F]
        system = G[np.ix_(F, F)]
        system[np.diag_indices(len(F))] += l2[F] + 1e-14 * G.diagonal()[F]
        try:
            step = linalg.cho_solve(linalg.cho_factor(system), slope)
        except linalg.LinAlgError:
            return
        # The end of each coefficient's way: zero, where it has an L1 penalty and
        # shrinks, or else a bound.
        end = np.where(step > 0.0, upper[F], lower[F])
        returns = (l1[F] > 0.0) & (w[F] * step < 0.0)
        end[returns] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(step != 0.0, (end - w[F]) / step, np.inf)
        first = int(np.argmin(reach))
        length = min(1.0, float(reach[first]))
        change = length * step
        if length < 1.0:
            change[first] = end[first] - w[F[first]]
        w[F] += change
        gradient -= G[:, F] @ change
        if length == 1.0:
            return
        w[F[first]] = end[first]
        free[F[first]] = False
