"""Multinomial logistic regression with L1, L2 and elastic net penalties, certified.

    sum_i s_i (log sum_k exp(r_ik) - r_{i y_i}) + sum_kj l1_j |w_kj| + l2_j / 2 w_kj^2

with ``r_ik = x_i w_k + b_k + o_ik`` and ``lower_j <= w_kj <= upper_j``.

Interface::

    problem = MultinomialProblem(design, codes, sample_weight=None, *, n_classes=None,
                                 fit_intercept=True, lower=None, upper=None,
                                 offset=None)
    problem.null(), .alpha_max(factor=None), .reweighted(sample_weight)
    problem.solve(l1, l2, w=None, intercept=None, *, tol=1e-6, max_iter=100)
        -> LogisticSolution with w of shape (n_classes, n_features), intercept of
           shape (n_classes,)
"""

from dataclasses import replace

import numpy as np
from scipy.special import softmax

from sklreg.solvers import _multinomial_kernels as multinomial
from sklreg.solvers.logistic_columns import LogisticColumns
from sklreg.solvers.logistic_dual import MultinomialDual
from sklreg.solvers.logistic_rotation import rotation_for, solve_rotated
from sklreg.solvers.logistic_state import (
    Damping,
    LogisticSolution,
    Progress,
    floats,
)
from sklreg.solvers.multinomial_blocks import minimise_by_class
from sklreg.solvers.multinomial_gram import entry_gram
from sklreg.solvers.newton_cg import (
    column_squares,
    in_single_precision,
    newton_direction,
)
from sklreg.solvers.quadratic import minimise_quadratic

# Up to this many entries of W a Newton model is solved on its Gram matrix.
_GRAM_ENTRIES = 1000
_SPARSE_GRAM_ENTRIES = 300
_SMOOTH_GRAM_ENTRIES = 200
_FIRST_VIOLATORS = 200
_MODEL = 0.05
_HALVINGS = 40


class MultinomialProblem:
    """One design and classes, solved for one penalty after another.

    Parameters
    ----------
    design : DenseDesign or SparseDesign
        The data, from ``make_design(X, None, center=False)``.
    codes : ndarray of int of shape (n_samples,)
        Classes, 0 to ``n_classes - 1``.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights s; rows of weight zero are as good as absent.
    n_classes : int or None
        Number of classes; by default one more than the largest code.
    fit_intercept : bool
        Whether there are intercepts, which are not penalised.
    lower, upper : ndarray of shape (n_features,) or None
        Bounds of the coefficients of every class, ``lower <= 0 <= upper``.
    offset : ndarray of shape (n_samples, n_classes) or None
        Known part o of the raw predictions.
    """

    def __init__(
        self,
        design,
        codes,
        sample_weight=None,
        *,
        n_classes=None,
        fit_intercept=True,
        lower=None,
        upper=None,
        offset=None,
        working=None,
    ):
        n_samples, n_features = design.shape
        self.design = design
        self.codes = np.ascontiguousarray(codes, dtype=np.int64)
        self.n_classes = int(self.codes.max()) + 1 if n_classes is None else n_classes
        self.fit_intercept = fit_intercept
        self.weight = floats(sample_weight, n_samples, 1.0)
        shape = n_samples, self.n_classes
        self.offset = (
            np.zeros(shape) if offset is None else np.array(offset, float, order="C")
        )
        self.lower = floats(lower, n_features, -np.inf)
        self.upper = floats(upper, n_features, np.inf)
        if working is None:
            working = LogisticColumns(design, fit_intercept)
        self.working = working
        self.target = np.zeros(shape)
        self.target[np.arange(n_samples), self.codes] = 1.0
        self.dual = MultinomialDual(self)
        self._null = None

    def reweighted(self, sample_weight):
        """Return the problem under other row weights, sharing the panel of columns."""
        return MultinomialProblem(
            self.design,
            self.codes,
            sample_weight,
            n_classes=self.n_classes,
            fit_intercept=self.fit_intercept,
            lower=self.lower,
            upper=self.upper,
            offset=self.offset,
            working=self.working,
        )

    def over(self, design):
        """Return the problem over other data, without bounds."""
        return MultinomialProblem(
            design,
            self.codes,
            self.weight,
            n_classes=self.n_classes,
            fit_intercept=self.fit_intercept,
            offset=self.offset,
        )

    def loss(self, raw):
        """Return the weighted log loss."""
        return multinomial.loss_value(raw, raw, 0.0, self.codes, self.weight)

    def null(self):
        """Return the best intercepts without features, and the objective there."""
        if self._null is None:
            intercept = np.zeros(self.n_classes)
            if self.fit_intercept:
                share = self.weight @ self.target / self.weight.sum()
                intercept = np.log(np.clip(share, 1e-15, 1.0))
                intercept -= intercept.mean()
                if self.offset.any():
                    intercept = self._newton_intercept(self.offset, intercept)
            self._null = intercept, self.loss(self.offset + intercept)
        return self._null

    def _newton_intercept(self, fixed, intercept):
        value = self.loss(fixed + intercept)
        for _ in range(100):
            P = softmax(fixed + intercept, axis=1)
            gradient = self.weight @ (self.target - P)
            H = np.diag(self.weight @ P) - P.T @ (self.weight[:, None] * P)
            step = np.linalg.lstsq(H, gradient, rcond=1e-13)[0]
            step *= min(1.0, 4.0 / max(np.abs(step).max(), 1e-300))
            trial = self.loss(fixed + intercept + step)
            while trial > value and np.abs(step).max() > 1e-13:
                step *= 0.5
                trial = self.loss(fixed + intercept + step)
            if trial >= value or np.abs(intercept).max() > 700.0:
                break
            intercept, value = intercept + step, trial
        return intercept

    def alpha_max(self, factor=None):
        """Return the smallest level of ``l1 = level * factor`` at which w is zero.

        Features of factor zero are not penalised and are fitted first.
        """
        n_features = self.design.shape[1]
        factor = np.ones(n_features) if factor is None else factor
        penalised = factor > 0.0
        if not penalised.any():
            return 0.0
        raw = self.offset + self.null()[0]
        if not penalised.all():
            held = np.where(penalised, 0.0, np.inf)
            only = self.reweighted(self.weight)
            only.lower = np.maximum(self.lower, -held)
            only.upper = np.minimum(self.upper, held)
            zeros = np.zeros(n_features)
            found = only.solve(zeros, zeros, tol=1e-10)
            raw = self.offset + found.intercept + self.product(found.w)
        theta = self.weight[:, None] * (self.target - softmax(raw, axis=1))
        slope = self.correlate(theta)
        side = np.where(
            slope > 0.0, self.upper[:, None] > 0.0, self.lower[:, None] < 0.0
        )
        slope = np.where(side, np.abs(slope), 0.0).max(axis=1)
        return float(np.max(slope[penalised] / factor[penalised]))

    def solve(self, l1, l2, w=None, intercept=None, *, tol=1e-6, max_iter=100):
        """Solve for one penalty, from a warm start if there is one.

        Parameters
        ----------
        l1, l2 : float or ndarray of shape (n_features,)
            Penalty of each coefficient, the same in every class.
        w : ndarray of shape (n_classes, n_features) or None
            Where to start.
        intercept : ndarray of shape (n_classes,) or None
            Where the intercepts start.
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
        rotated = rotation_for(self, l1, l2)
        if rotated is not None:
            found = solve_rotated(self, *rotated, w, intercept, tol, max_iter)
            state = _State(self, found.w, found.intercept)
            return replace(found, gap=self._certify(state, l1, l2)[0])
        state = _State(self, w, intercept)
        goal = tol * null_value
        n_iter = 0
        progress = Progress()
        while True:
            gap, slope, newton = self._certify(state, l1, l2)
            value = state.loss + self._penalty(state.w, l1, l2)
            if gap <= goal or n_iter >= max_iter or progress.ended(value, gap):
                break
            n_iter += 1
            if not self._step(state, slope, newton, gap, goal, l1, l2):
                break
        diverged = self._separated(state, l1, l2)
        return LogisticSolution(
            state.w, state.intercept, gap, null_value, n_iter, diverged
        )

    def _certify(self, state, l1, l2):
        """Return the duality gap, the slopes, and the unpenalised Newton step."""
        theta, *newton = self.dual.project(state, l1, l2)
        slope = np.ascontiguousarray(self.correlate(theta).T)
        value = state.loss + self._penalty(state.w, l1, l2)
        gap = value - self.dual.value(theta, slope, state.w, l1, l2)
        return gap, slope, newton

    def _penalty(self, w, l1, l2):
        return float(np.abs(w).sum(axis=0) @ l1 + 0.5 * (w * w).sum(axis=0) @ l2)

    def correlate(self, theta):
        """Return ``X' theta``, of shape (n_features, n_classes)."""
        if self.design.sparse:
            return self.design.X.T @ theta
        return self.design.raw_correlate(theta)

    def product(self, w):
        """Return ``X w'``, of shape (n_samples, n_classes)."""
        support = np.flatnonzero(w.any(axis=0))
        if not len(support):
            return np.zeros((self.design.shape[0], self.n_classes))
        X = self.design.X
        if len(support) < w.shape[1]:
            X = X[:, support]
        if X.dtype != np.float64:
            X = X.astype(np.float64)
        return np.ascontiguousarray(X @ np.ascontiguousarray(w[:, support].T))

    def _step(self, state, slope, newton, gap, goal, l1, l2):
        """Take one Newton step; return whether the objective fell."""
        bounded = np.isfinite(self.lower).any() or np.isfinite(self.upper).any()
        if not l1.any() and not bounded and state.w.size > _SMOOTH_GRAM_ENTRIES:
            return self._search(state, *self._conjugate_step(state, goal, l2), l1, l2)
        classes, features = self._entries(state.w, slope, l1)
        value = state.loss + self._penalty(state.w, l1, l2)
        aim = max(0.05 * goal, _MODEL * min(gap, value))
        penalties = l1[features], l2[features], self.lower[features]
        penalties = (*penalties, self.upper[features])
        start = state.w[classes, features]
        # The slopes are those after the Newton step of what is not penalised.
        new = start.copy()
        if newton[0] is not None:
            new += newton[0][classes, features]
        limit = _SPARSE_GRAM_ENTRIES if self.design.sparse else _GRAM_ENTRIES
        if len(new) <= limit:
            solve = self._solve_gram
        else:
            solve = self._solve_blocks
        model = state.P, state.damping.level
        shift = solve(model, new, slope, classes, features, penalties, aim, value)
        change = np.zeros_like(state.w)
        change[classes, features] = new - start
        return self._search(state, change, newton[1] + shift, l1, l2)

    def _conjugate_step(self, state, goal, l2):
        """Return a truncated Newton step, for smooth penalties."""
        if self.working.squares is None:
            self.working.squares = column_squares(self.design.X)
            self.working.single = in_single_precision(self.design.X)
        s, P, damping = self.weight[:, None], state.P, state.damping.level

        def hessian(R):
            coupled = P * (R - np.sum(P * R, axis=1, keepdims=True))
            return s * (coupled + damping * R)

        change, shift, _ = newton_direction(
            self.design.X,
            self.correlate(state.theta) - (l2 * state.w).T,
            state.theta.sum(axis=0),
            hessian,
            l2,
            self.working.squares,
            np.sum(s * (P * (1.0 - P) + damping), axis=0),
            self.fit_intercept,
            goal,
            self.working.single,
        )
        return np.ascontiguousarray(change.T), shift

    def _entries(self, w, slope, l1):
        """Return classes and features of the entries that the model is made of."""
        held = (w != 0.0) | (l1 == 0.0)
        excess = np.abs(slope) - l1
        closed = np.where(slope > 0.0, self.upper == 0.0, self.lower == 0.0)
        excess[held | closed] = -np.inf
        count = max(_FIRST_VIOLATORS, 2 * np.count_nonzero(w))
        violators = np.flatnonzero(excess > 0.0)
        if len(violators) > count:
            top = np.argpartition(excess.flat[violators], -count)[-count:]
            violators = violators[top]
        held.flat[violators] = True
        features, classes = np.nonzero(held.T)
        return classes, features

    def _solve_gram(self, model, new, slope, classes, features, penalties, aim, value):
        """Minimise the model on its Gram matrix; return the intercepts' step."""
        G, free, origin = entry_gram(self, *model, classes, features)
        start = new.copy()
        zeros = np.zeros(len(free))
        full = np.concatenate([new, zeros])
        gradient = np.concatenate([slope[classes, features], zeros])
        ends = zeros, zeros, zeros - np.inf, zeros + np.inf
        every = [np.concatenate(v) for v in zip(penalties, ends, strict=True)]
        minimise_quadratic(G, gradient, full, *every, aim, aim / value)
        new[:] = full[: len(new)]
        shift = np.zeros(self.n_classes)
        shift[free] = full[len(new) :]
        if self.fit_intercept:
            np.subtract.at(shift, classes, (new - start) * origin)
        return shift

    def _solve_blocks(
        self, model, new, slope, classes, features, penalties, aim, value
    ):
        """Minimise the model class by class; return the intercepts' step."""
        self.working.add(np.unique(features))
        return minimise_by_class(
            self, *model, new, slope, classes, features, penalties, aim, aim / value
        )

    def _search(self, state, change, shift, l1, l2):
        """Backtrack along the step; return whether the objective fell."""
        step = self.product(change) + shift
        before = state.loss + self._penalty(state.w, l1, l2)
        slope = self._penalty(state.w + change, l1, l2) - self._penalty(state.w, l1, l2)
        slope -= float(np.sum(state.theta * step))
        slack = 4e-16 * len(step) ** 0.5 * abs(before)
        length = 1.0
        for _ in range(_HALVINGS):
            value = multinomial.loss_value(
                state.raw, step, length, self.codes, self.weight
            ) + self._penalty(state.w + length * change, l1, l2)
            if value <= before + 1e-4 * length * min(slope, 0.0) + slack:
                break
            length *= 0.5
        else:
            return False
        state.damping.adapt(length)
        state.move(length * change, length * shift, length * step)
        return True

    def _separated(self, state, l1, l2):
        """Whether the part of the model that nothing penalises separates y."""
        free = (l1 == 0.0) & (l2 == 0.0) & np.isinf(self.lower) & np.isinf(self.upper)
        if not free.any() and not self.fit_intercept:
            return False
        raw = self.product(np.where(free, state.w, 0.0)) + state.intercept
        rows = np.arange(len(raw))
        own = raw[rows, self.codes]
        raw[rows, self.codes] = -np.inf
        margin = (own - raw.max(axis=1))[self.weight > 0.0]
        return bool(len(margin) and margin.min() > 0.0)


class _State:
    """Coefficients with the raw predictions and what follows from them."""

    def __init__(self, problem, w, intercept):
        self.problem = problem
        shape = problem.n_classes, problem.design.shape[1]
        self.w = np.zeros(shape)
        if w is not None:
            self.w[:] = np.clip(w, problem.lower, problem.upper)
        if intercept is None or not problem.fit_intercept:
            intercept = problem.null()[0]
        self.intercept = np.array(intercept, dtype=np.float64)
        self.raw = problem.offset + self.intercept + problem.product(self.w)
        self.P = np.empty_like(self.raw)
        self.theta = np.empty_like(self.raw)
        self.damping = Damping()
        self._evaluate()

    def _evaluate(self):
        problem = self.problem
        self.loss = multinomial.evaluate(
            self.raw,
            problem.codes,
            problem.weight,
            self.P,
            self.theta,
        )

    def move(self, change, shift, step):
        """Move coefficients, intercepts and raw predictions."""
        self.w += change
        self.intercept += shift
        self.raw += step
        mean = self.intercept.mean()
        self.intercept -= mean
        self.raw -= mean
        self._evaluate()
