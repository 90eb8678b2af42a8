"""Binary logistic regression with L1, L2 and elastic net penalties, certified.

    sum_i s_i log(1 + exp(-(2 y_i - 1)(x_i w + b + o_i)))
        + sum_j l1_j |w_j| + l2_j / 2 w_j^2,        lower <= w <= upper

A working set holds the columns that may matter. On it, proximal Newton steps (Lee,
Sun and Saunders 2014): the quadratic model of the loss, its intercept eliminated, is
minimised by coordinate descent, then a line search. One product with the whole of X
gives the duality gap and the columns to add.

Interface::

    problem = LogisticProblem(design, y, sample_weight=None, *, fit_intercept=True,
                              lower=None, upper=None, offset=None)
    problem.null()                       -> (intercept, value) with all w = 0
    problem.alpha_max(factor=None)       -> smallest l1 level at which w = 0
    problem.solve(l1, l2, w=None, intercept=None, *, tol=1e-6, max_iter=100)
                                         -> LogisticSolution
    problem.reweighted(sample_weight)    -> problem over the same columns
    solve_logistic_path(problem, l1s, l2s, w=None, intercept=None, *, tol, max_iter,
                        progress=None)   -> list of LogisticSolution
"""

from dataclasses import replace

import numpy as np

from sklreg.solvers import _logistic_kernels as kernels
from sklreg.solvers.logistic_columns import LogisticColumns, WeightedGram
from sklreg.solvers.logistic_dual import BinaryDual
from sklreg.solvers.logistic_model import minimise_model
from sklreg.solvers.logistic_rotation import rotation_for, solve_rotated
from sklreg.solvers.logistic_state import (
    LogisticSolution,
    Progress,
    State,
    floats,
)
from sklreg.solvers.newton_cg import (
    column_squares,
    in_single_precision,
    newton_direction,
)

# Up to this many features the first working set is the whole problem.
_WHOLE = 64
_FIRST_VIOLATORS = 100
# The problem on the working set is solved to this part of the gap found outside.
_INNER = 0.3
# Newton steps on one working set.
_STEPS = 30
# The model is minimised to this part of the gap that its Newton step is to close, or of
# the gap's square over the objective, which is about what the step leaves; but not
# beyond this part of the gap that is asked for.
_MODEL, _SQUARE, _LEAST = 0.05, 0.1, 0.03
# Columns whose slope has come this close to its level join the working set.
_SOON = 0.95
_HALVINGS = 40
# Inner steps are taken, without a look at all of X, if it is more than so many times as
# wide as the working set.
_WIDE = 50
# Smooth problems of up to this many features are solved with their Hessian.
_HESSIAN = 200
_SPARSE_HESSIAN = 200


class LogisticProblem:
    """One design and target, solved for one penalty after another.

    Parameters
    ----------
    design : DenseDesign or SparseDesign
        The data, from ``make_design(X, None, center=False)``.
    y : ndarray of shape (n_samples,)
        Targets, 0 and 1 or -1 and 1.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights s; rows of weight zero are as good as absent.
    fit_intercept : bool
        Whether there is an intercept b, which is not penalised.
    lower, upper : ndarray of shape (n_features,) or None
        Bounds of the coefficients, with ``lower <= 0 <= upper``.
    offset : ndarray of shape (n_samples,) or None
        Known part o of the raw prediction.
    """

    def __init__(
        self,
        design,
        y,
        sample_weight=None,
        *,
        fit_intercept=True,
        lower=None,
        upper=None,
        offset=None,
        working=None,
    ):
        n_samples, n_features = design.shape
        self.design = design
        self.fit_intercept = fit_intercept
        self.sign = np.where(np.asarray(y) > 0, 1.0, -1.0)
        self.weight = floats(sample_weight, n_samples, 1.0)
        self.offset = floats(offset, n_samples, 0.0)
        self.lower = floats(lower, n_features, -np.inf)
        self.upper = floats(upper, n_features, np.inf)
        if working is None:
            working = LogisticColumns(design, fit_intercept)
        self.working = working
        self.gram = WeightedGram(self.working)
        self.dual = BinaryDual(self)
        self._null = None
        self._memory = None

    def reweighted(self, sample_weight):
        """Return the problem under other row weights, sharing the panel of columns."""
        return LogisticProblem(
            self.design,
            self.sign,
            sample_weight,
            fit_intercept=self.fit_intercept,
            lower=self.lower,
            upper=self.upper,
            offset=self.offset,
            working=self.working,
        )

    def over(self, design):
        """Return the problem over other data, without bounds."""
        return LogisticProblem(
            design,
            self.sign,
            self.weight,
            fit_intercept=self.fit_intercept,
            offset=self.offset,
        )

    def null(self):
        """Return the best intercept without features, and the objective there."""
        if self._null is None:
            self._null = self._find_null()
        return self._null

    def _find_null(self):
        raw = self.offset.copy()
        intercept = 0.0
        none = np.zeros(len(raw))
        value = kernels.loss_value(raw, none, 0.0, self.sign, self.weight)
        if not self.fit_intercept:
            return intercept, value
        ones = np.sum(self.weight[self.sign > 0])
        share = np.clip(ones / self.weight.sum(), 1e-15, 1 - 1e-15)
        odds = float(np.log(share) - np.log1p(-share))
        if not self.offset.any():
            return odds, kernels.loss_value(
                raw + odds, none, 0.0, self.sign, self.weight
            )
        theta, curvature = np.empty_like(raw), np.empty_like(raw)
        for _ in range(100):
            value = kernels.evaluate(raw, self.sign, self.weight, theta, curvature)
            total = curvature.sum()
            step = np.clip(theta.sum() / total if total > 0.0 else 0.0, -4.0, 4.0)
            while step and not (
                kernels.loss_value(raw, none + step, 1.0, self.sign, self.weight)
                < value
            ):
                step = 0.5 * step if abs(step) > 1e-14 else 0.0
            if not step or abs(intercept) > 700.0:
                break
            raw += step
            intercept += step
        return float(intercept), value

    def alpha_max(self, factor=None):
        """Return the smallest level of ``l1 = level * factor`` at which w is zero.

        Features of factor zero are not penalised and are fitted first.
        """
        n_features = self.design.shape[1]
        factor = np.ones(n_features) if factor is None else factor
        penalised = factor > 0.0
        if not penalised.any():
            return 0.0
        w = None
        if not penalised.all():
            held = np.where(penalised, 0.0, np.inf)
            only = self.reweighted(self.weight)
            only.lower = np.maximum(self.lower, -held)
            only.upper = np.minimum(self.upper, held)
            zeros = np.zeros(n_features)
            w = only.solve(zeros, zeros, tol=1e-10).w
        state = State(self, w, None)
        state.center_intercept()
        slope = state.full_gradient()
        side = np.where(slope > 0.0, self.upper > 0.0, self.lower < 0.0)
        slope = np.where(side, np.abs(slope), 0.0)
        return float(np.max(slope[penalised] / factor[penalised]))

    def solve(self, l1, l2, w=None, intercept=None, *, tol=1e-6, max_iter=100):
        """Solve for one penalty, from a warm start if there is one.

        Parameters
        ----------
        l1, l2 : float or ndarray of shape (n_features,)
            Penalty of each coefficient.
        w : ndarray of shape (n_features,) or None
            Where to start.
        intercept : float or None
            Where the intercept starts.
        tol : float
            The duality gap is brought down to ``tol`` times the null value.
        max_iter : int
            Limit of the number of Newton steps.

        Returns
        -------
        LogisticSolution
        """
        n_features = self.design.shape[1]
        l1, l2 = l1 * np.ones(n_features), l2 * np.ones(n_features)
        null_value = self.null()[1]
        goal = tol * null_value
        rotated = rotation_for(self, l1, l2)
        if rotated is not None:
            found = solve_rotated(self, *rotated, w, intercept, tol, max_iter)
            state = State(self, found.w, found.intercept)
            return replace(found, gap=self._certify(state, l1, l2)[0])
        state, slope = self._recall(w, intercept, l1, l2)
        conjugate = self._prefers_conjugate(l1)
        n_iter = 0
        progress = Progress()
        self.gram.restart(goal)
        while True:
            gap, slope = self._certify(state, l1, l2, slope)
            value = state.loss + kernels.penalty_value(state.w, l1, l2)
            if gap <= goal or n_iter >= max_iter or progress.ended(value, gap):
                break
            if conjugate:
                n_iter += 1
                if not self._conjugate_step(state, slope, goal, l1, l2):
                    break
                slope = None
                continue
            self.working.add(self._candidates(state, slope, l1))
            target = max(0.3 * goal, _INNER * gap) if np.isfinite(gap) else 0.3 * goal
            limits = gap, target, max_iter - n_iter
            n_iter += self._descend(state, l1, l2, slope, *limits)
            slope = None
        self._memory = state, slope, (l1 == 0.0) & (l2 == 0.0)
        return LogisticSolution(
            state.w.copy(),
            state.intercept,
            gap,
            null_value,
            n_iter,
            self._separated(state, l1, l2),
        )

    def _recall(self, w, intercept, l1, l2):
        """Return the state to start from, and its slopes if they are known.

        They are where the start is the end of the last solution, as on a path.
        """
        if w is not None and self._memory is not None:
            state, slope, free = self._memory
            same = intercept == state.intercept and np.array_equal(w, state.w)
            if same and np.array_equal(free, (l1 == 0.0) & (l2 == 0.0)):
                return state, slope
        return State(self, w, intercept), None

    def _certify(self, state, l1, l2, slope=None):
        """Return the duality gap over all features, and their slopes."""
        theta, _ = self.dual.project(state, l1, l2)
        if slope is None:
            slope = self.design.raw_correlate(theta)
        value = state.loss + kernels.penalty_value(state.w, l1, l2)
        dual = self.dual.value(theta, slope, state.w, l1, l2, self.lower, self.upper)
        return value - dual, slope

    def _candidates(self, state, slope, l1):
        """Return the support, what is unpenalised and the largest violators."""
        n_features = len(slope)
        if n_features <= _WHOLE:
            return np.arange(n_features)
        held = np.flatnonzero((state.w != 0.0) | (l1 == 0.0))
        # Some of those that are about to matter save a round.
        excess = np.abs(slope) - _SOON * l1
        excess[np.where(slope > 0.0, self.upper == 0.0, self.lower == 0.0)] = -np.inf
        excess[held] = -np.inf
        excess[self.working.columns] = -np.inf
        violators = np.flatnonzero(excess > 0.0)
        first = _FIRST_VIOLATORS
        if self.design.sparse:
            first = max(first, len(state.raw) // 8)
        count = max(first, 2 * np.count_nonzero(state.w))
        if len(violators) > count:
            top = np.argpartition(excess[violators], -count)[-count:]
            violators = np.sort(violators[top])
        return np.concatenate([held, violators])

    def _descend(self, state, l1, l2, slope, certified, target, max_steps):
        """Proximal Newton steps on the working set; return how many.

        ``slope`` holds the slopes of all features at the start, if they are known,
        ``certified`` is the gap over all features there.
        """
        columns = self.working.columns
        penalties = l1[columns], l2[columns], self.lower[columns], self.upper[columns]
        local = state.w[columns]
        slope = None if slope is None else slope[columns]
        steps = 0
        while steps < min(_STEPS, max_steps):
            theta, newton = self.dual.project(state, l1, l2)
            if slope is None:
                slope = self.working.correlate(theta)
            value = state.loss + kernels.penalty_value(local, *penalties[:2])
            gap = value - self.dual.value(theta, slope, local, *penalties)
            if gap <= target and steps > 0:
                break
            steps += 1
            self.gram.heed(gap)
            if newton is None:
                self.gram.learn(local, slope)
            gap, certified = min(gap, certified, value), np.inf
            aim = max(_LEAST * target, min(_MODEL * gap, _SQUARE * gap * gap / value))
            # The slopes are those after the Newton step of what is not penalised.
            new = local.copy() if newton is None else local + newton[columns]
            curvature = state.damped()
            minimise_model(self, curvature, slope, new, penalties, aim, aim / value)
            product = self.working.product(new - local)
            origin = self.working.origin(columns)
            moved = self._search(state, local, new, product, origin, penalties[:2])
            state.w[columns] = local
            if not moved:
                break
            slope = None
            if _WIDE * len(columns) > self.design.shape[1]:
                # A product with all columns costs little more.
                break
        return steps

    def _prefers_conjugate(self, l1):
        """Whether a smooth problem is too large for its Hessian."""
        bounded = np.isfinite(self.lower).any() or np.isfinite(self.upper).any()
        if l1.any() or bounded:
            return False
        limit = _SPARSE_HESSIAN if self.design.sparse else _HESSIAN
        return self.design.shape[1] > limit

    def _conjugate_step(self, state, slope, goal, l1, l2):
        """Take a truncated Newton step; return whether the value fell."""
        working = self.working
        if working.squares is None:
            working.squares = column_squares(self.design.X)
            working.single = in_single_precision(self.design.X)
        curvature = state.damped()[:, None]
        change, shift, step = newton_direction(
            self.design.X,
            # The slopes are those after the Newton step of what is not penalised.
            (slope - l2 * state.w)[:, None],
            np.zeros(1),
            lambda R: curvature * R,
            l2,
            working.squares,
            np.array([curvature.sum()]),
            self.fit_intercept,
            goal,
            working.single,
        )
        product = step[:, 0] - shift[0]
        new = state.w + change[:, 0]
        return self._search(state, state.w, new, product, 0.0 * new, (l1, l2))

    def _search(self, state, local, new, product, origin, penalties):
        """Backtrack along the step, in place; return whether the value fell.

        ``product`` is that of the columns, less their ``origin``, with the step.
        """
        change = new - local
        shift = 0.0
        if self.fit_intercept:
            curvature = state.damped()
            total = curvature.sum()
            shift = float(state.theta.sum() - curvature @ product)
            shift = shift / total if total > 0.0 else 0.0
        step = product + shift
        before = state.loss + kernels.penalty_value(local, *penalties)
        slope = -float(state.theta @ step)
        slope += kernels.penalty_value(new, *penalties) - kernels.penalty_value(
            local, *penalties
        )
        length = 1.0
        # Close to the optimum only rounding is left of the decrease.
        slack = 4e-16 * len(step) ** 0.5 * abs(before)
        for _ in range(_HALVINGS):
            trial = local + length * change
            value = kernels.loss_value(
                state.raw, step, length, self.sign, self.weight
            ) + kernels.penalty_value(trial, *penalties)
            if value <= before + 1e-4 * length * min(slope, 0.0) + slack:
                break
            length *= 0.5
        else:
            return False
        state.damping.adapt(length)
        if length == 1.0:
            trial = new
        local[:] = trial
        state.move(length * step, length * (shift - float(origin @ change)))
        return value < before + slack

    def _separated(self, state, l1, l2):
        """Whether the part of the model that nothing penalises separates y."""
        free = (l1 == 0.0) & (l2 == 0.0) & np.isinf(self.lower) & np.isinf(self.upper)
        if not free.any() and not self.fit_intercept:
            return False
        support = np.flatnonzero(free & (state.w != 0.0))
        raw = self.design.raw_product(support, state.w[support]) + state.intercept
        margin = (self.sign * raw)[self.weight > 0.0]
        return bool(len(margin) and margin.min() > 0.0)


def solve_logistic_path(
    problem,
    l1s,
    l2s,
    w=None,
    intercept=None,
    *,
    tol=1e-6,
    max_iter=100,
    progress=None,
):
    """Solve one problem for a sequence of penalties, each from the one before.

    Parameters
    ----------
    problem : LogisticProblem or MultinomialProblem
        Problem to solve.
    l1s, l2s : sequence of float or ndarray of shape (n_features,)
        Penalties, from the strongest on.
    w, intercept : ndarray, float or None
        Where to start.
    tol, max_iter : float, int
        As in ``problem.solve``, for each penalty.
    progress : callable or None
        Called with the index and the :class:`LogisticSolution` of each.

    Returns
    -------
    list of LogisticSolution
    """
    found = []
    for i, (l1, l2) in enumerate(zip(l1s, l2s, strict=True)):
        solution = problem.solve(l1, l2, w, intercept, tol=tol, max_iter=max_iter)
        w, intercept = solution.w, solution.intercept
        found.append(solution)
        if progress is not None:
            progress(i, solution)
    return found
