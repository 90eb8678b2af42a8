"""Paths of L1-penalised logistic regression, for several row weightings in lockstep.

For each penalty a path takes proximal Newton steps, as
:mod:`sklreg.solvers.logistic` does. Three things make its steps few and cheap:

- It starts from the last two optima, continued linearly in the penalty.
- The Hessian on the working set serves as long as the steps with it close the gap,
  over many penalties. The quadratic model is minimised exactly, by the active set
  that the least-squares paths move.
- The dual point is that of the model's optimum: ``theta - D X change`` for the
  gradient's ``theta`` and the curvatures ``D`` that the Hessian was made with. It
  satisfies the conditions of the columns in the model exactly, so that the gap is of
  second order in what the model left out, where that of a scaled ``theta`` is of first.

All paths, of the folds of a cross-validation say, take their steps together: the
products of their dual points with the whole of X are one product of matrices.
"""

from functools import cached_property

import numpy as np

from sklreg._views import read_only
from sklreg.solvers import _logistic_kernels as kernels
from sklreg.solvers import _logistic_path_kernels as path_kernels
from sklreg.solvers.logistic_hessian import KeptHessian
from sklreg.solvers.logistic_state import LogisticSolution, State
from sklreg.solvers.narrow_products import FEW, correlate_few, correlate_rows

# Columns whose slope has come this close to its level must be in the quadratic model,
_NEEDED = 0.96
# and these as well when it is made or grown.
_LIKELY = 0.92
_FIRST_VIOLATORS = 100
# A Hessian is made afresh when a step with it left more than this of the gap,
_PACE = 0.1
# or did not come as close to the goal as this, and else before the next penalty when
# it came no closer than that.
_FAR, _CLOSE = 100.0, 0.5
# Steps for one penalty after which the general solver takes over.
_STEPS = 15
_HALVINGS = 20
# A step must not raise the objective by more than rounding does.
_ROUNDING = 1e-14
# Beyond this part of the null value a step must lower the objective.
_NEAR = 0.01
#: All of them in one, for the compiled loop.
RULES = (_NEEDED, _LIKELY, _PACE, _FAR, _CLOSE, _NEAR, _ROUNDING, _STEPS)
# Sweeps minimise the model to this part of the gap that is asked for.
_MODEL = 0.05


def follow_together(problems, strengths, penalties, starts, tol, max_iter, progress):
    """Follow the paths; see :func:`sklreg.solvers.logistic_path.follow_paths`."""
    paths = [
        _Path(problem, *pair, *start, tol, max_iter)
        for problem, pair, start in zip(problems, penalties, starts, strict=True)
    ]
    found = [[] for _ in problems]
    for k, strength in enumerate(strengths):
        _solve_together(paths, float(strength))
        solutions = [path.solution() for path in paths]
        for own, solution in zip(found, solutions, strict=True):
            own.append(solution)
        if progress is not None:
            progress(k, solutions)
    return found


def _solve_together(paths, strength):
    """Bring all paths to one strength."""
    problem = paths[0].problem
    design, working = problem.design, problem.working
    for path in paths:
        path.turn_to(strength)
    left = paths
    while left:
        for path in left:
            working.add(path.candidates())
        slopes = _correlate(working, [path.point.theta for path in left])
        changes = [
            path.propose(slope) for path, slope in zip(left, slopes, strict=True)
        ]
        products = _product(working, changes)
        duals = [path.step(p) for path, p in zip(left, products, strict=True)]
        slopes = correlate_few(design, duals)
        for path, dual, slope in zip(left, duals, slopes, strict=True):
            path.certify(dual, slope)
        left = [path for path in left if not path.ended()]
    for path in paths:
        path.settle()


def _correlate(working, thetas):
    """Return the products of the columns, as they are held, with several thetas."""
    if working.design.sparse:
        return working.design.raw_correlate_columns(working.columns, np.stack(thetas))
    V, rows = np.stack(thetas), working.panel.T
    if len(V) > FEW:
        return V @ rows.T
    return correlate_rows(read_only(rows), np.arange(len(rows)), V)


def _product(working, changes):
    """Return the products of the columns with several changes of coefficients."""
    if working.design.sparse or len(changes) == 1:
        return [working.product(change) for change in changes]
    return (working.panel @ np.stack(changes, axis=1)).T


class _Point:
    """Coefficients with their raw predictions; the rest when it is asked for."""

    def __init__(self, problem, w, intercept, raw):
        self.problem = problem
        self.w, self.intercept, self.raw = w, intercept, raw

    @cached_property
    def _derivatives(self):
        problem, raw = self.problem, self.raw
        theta, curvature = np.empty_like(raw), np.empty_like(raw)
        return (
            theta,
            curvature,
            *path_kernels.derivatives(
                raw, problem.sign, problem.weight, theta, curvature
            ),
        )

    @property
    def theta(self):
        """Minus the gradient of the loss in the raw predictions."""
        return self._derivatives[0]

    @property
    def curvature(self):
        return self._derivatives[1]

    @property
    def sums(self):
        """The sums of both."""
        return self._derivatives[2:]

    def value(self, l1, l2):
        """Return the objective."""
        problem, raw = self.problem, self.raw
        loss = kernels.loss_value(raw, raw, 0.0, problem.sign, problem.weight)
        return loss + kernels.penalty_value(self.w, l1, l2)

    def beyond(self, other, t):
        """Return the point ``t`` times as far again on the way from another to here."""
        return _Point(
            self.problem,
            self.w + t * (self.w - other.w),
            self.intercept + t * (self.intercept - other.intercept),
            self.raw + t * (self.raw - other.raw),
        )


class _Path:
    """One weighting of the rows on its way along the penalties."""

    def __init__(self, problem, l1, l2, w, intercept, tol, max_iter):
        self.problem = problem
        self.unit_l1, self.unit_l2 = l1, l2
        self.max_iter = max_iter
        self.has_l2 = bool(l2.any())
        self.null_value = problem.null()[1]
        self.goal = tol * self.null_value
        self.point = self._start(w, intercept)
        (self.slope,) = correlate_few(problem.design, [self.point.theta])
        self.hessian = KeptHessian(problem.working)
        self.stale = False
        self.strength, self.earlier = None, None

    def _start(self, w, intercept):
        state = State(self.problem, w, intercept)
        return _Point(self.problem, state.w, state.intercept, state.raw)

    def turn_to(self, strength):
        """Turn to the next strength of the penalty."""
        problem, point, before = self.problem, self.point, self.strength
        self.l1, self.l2 = strength * self.unit_l1, strength * self.unit_l2
        self.n_iter, self.gap, self.gap_before = 0, np.inf, np.inf
        self.lost = False
        if self.stale:
            self.hessian.curvature = None
            self.stale = False
        #: Where the model's minimiser is looked for from.
        self.local = point.w
        if self.earlier is not None:
            other, distance = self.earlier
            t = (strength - before) / distance
            raw, w, local = (np.empty_like(a) for a in (point.raw, point.w, point.w))
            within = path_kernels.continue_line(
                point.raw,
                point.w,
                other.raw,
                other.w,
                t,
                problem.lower,
                problem.upper,
                raw,
                w,
                local,
            )
            # A step that is cut ends between here and there: within the bounds.
            if within:
                intercept = point.intercept + t * (point.intercept - other.intercept)
                self.point = _Point(problem, w, intercept, raw)
                # Coefficients that would change their sign stop at zero.
                self.local = local
        if before is not None and strength != before:
            self.earlier = point, strength - before
        self.strength = strength

    def candidates(self):
        """Return the columns that are to be in the working set."""
        problem, slope = self.problem, self.slope
        excess = np.empty(len(slope))
        n_candidates = path_kernels.find_candidates(
            slope,
            _LIKELY,
            self.l1,
            self.point.w,
            problem.lower,
            problem.upper,
            problem.working.member,
            excess,
        )
        if not n_candidates:
            return np.empty(0, dtype=np.int64)
        count = max(_FIRST_VIOLATORS, 2 * np.count_nonzero(self.point.w))
        found = np.flatnonzero(excess > 0.0)
        if len(found) > count:
            top = np.argpartition(excess[found], -count)[-count:]
            found = np.sort(found[top])
        return found

    def propose(self, slope):
        """Minimise the model; return the change of the coefficients at hand.

        ``slope`` holds the products of the columns with the gradient.
        """
        problem, point, hessian = self.problem, self.point, self.hessian
        working = problem.working
        columns = working.columns
        if self.gap > _PACE * self.gap_before:
            hessian.curvature = None
        slope_sum, total = point.sums
        self.new_hessian = hessian.prepare(
            point.curvature, total, (self.slope, self.l1, point.w), _NEEDED, _LIKELY
        )
        places, ratio = hessian.places, hessian.ratio
        terms = np.empty((7, len(places)))
        path_kernels.model_at(
            hessian.gram,
            places,
            columns,
            slope,
            hessian.pull,
            # The slopes are those after the model's own step of the intercept.
            slope_sum / hessian.total if problem.fit_intercept else 0.0,
            # The model is divided by the ratio, which leaves its factors as they are.
            ratio,
            point.w,
            self.local,
            self.l1,
            self.l2,
            problem.lower,
            problem.upper,
            terms,
        )
        gradient, old, new, l1, l2, lower, upper = terms
        aim = _MODEL * self.goal
        hessian.minimise(
            gradient, new, l1, l2, lower, upper, aim / ratio, aim / self.null_value
        )
        self.move = columns[places], old, new
        change = np.zeros(len(columns))
        change[places] = new - old
        return change

    def step(self, product):
        """Take the step; return the dual point of the model's minimiser.

        ``product`` is that of the columns, as they are held, with the change.
        """
        problem, point, hessian = self.problem, self.point, self.hessian
        chosen, old, new = self.move
        raw, dual = np.empty_like(point.raw), np.empty_like(point.raw)
        shift = path_kernels.take_step(
            point.raw,
            point.theta,
            hessian.curvature,
            hessian.ratio,
            point.sums[0],
            hessian.ratio * hessian.total if problem.fit_intercept else np.inf,
            product,
            raw,
            dual,
        )
        shift -= float(problem.working.origin(chosen) @ (new - old))
        w = point.w.copy()
        w[chosen] = new
        self.before = point
        self.point = _Point(problem, w, point.intercept + shift, raw)
        self.n_iter += 1
        return dual

    def certify(self, dual, slope):
        """Take the slopes at the dual point, and the gap; see to it that it falls."""
        problem, point = self.problem, self.point
        gap = path_kernels.certificate(
            point.raw,
            dual,
            slope,
            point.w,
            point.intercept,
            self.l1,
            self.l2,
            problem.lower,
            problem.upper,
            self.has_l2,
            problem.sign,
            problem.weight,
        )
        self.gap_before, self.gap = self.gap, gap
        self.slope = slope
        if not self.new_hessian:
            if gap > _FAR * self.goal:
                self.hessian.curvature = None
            self.stale |= gap > _CLOSE * self.goal
        # Where the gap has become small the objective cannot have risen by much.
        near = gap < min(0.5 * self.gap_before, _NEAR * self.null_value)
        if not near and gap > self.goal:
            self._search()
        self.lost = self.lost or self.n_iter >= _STEPS
        self.local = self.point.w

    def _search(self):
        """Cut the step until the objective is no higher than before."""
        before, after = self.before, self.point
        value = before.value(self.l1, self.l2)
        value += _ROUNDING * len(after.raw) ** 0.5 * abs(value)
        t = 0.0
        for _ in range(_HALVINGS):
            if self.point.value(self.l1, self.l2) <= value:
                break
            t = 0.5 * (t - 1.0)
            self.point = after.beyond(before, t)
        else:
            self.lost = True

    def ended(self):
        """Whether there is nothing left to do here for this strength."""
        return self.gap <= self.goal or self.lost or self.n_iter >= self.max_iter

    def settle(self):
        """Have the general solver bring to its end what was lost on the way."""
        left = self.max_iter - self.n_iter
        if self.gap <= self.goal or left <= 0:
            return
        problem, point = self.problem, self.point
        found = problem.solve(
            self.l1,
            self.l2,
            point.w,
            point.intercept,
            tol=self.goal / self.null_value,
            max_iter=left,
        )
        self.point = self._start(found.w, found.intercept)
        (self.slope,) = correlate_few(problem.design, [self.point.theta])
        self.gap = found.gap
        self.n_iter += found.n_iter
        self.hessian.curvature = None

    def solution(self):
        """Return the solution for this strength."""
        return LogisticSolution(
            self.point.w, self.point.intercept, self.gap, self.null_value, self.n_iter
        )
