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

from dataclasses import dataclass

import numpy as np

from sklreg.solvers import _logistic_kernels as kernels
from sklreg.solvers.active_set import ActiveSet
from sklreg.solvers.logistic_state import LogisticSolution
from sklreg.solvers.quadratic import minimise_quadratic

# Columns whose slope has come this close to its level are in the quadratic model.
_LIKELY = 0.9
_FIRST_VIOLATORS = 100
# A Hessian is made afresh when a step with it left more than this of the gap,
_PACE = 0.1
# and before the next penalty when the first step came no closer to the goal than this.
_CLOSE = 0.2
# Steps for one penalty after which the general solver takes over.
_STEPS = 12
_HALVINGS = 20
# Sweeps minimise the model to this part of the gap that is asked for.
_MODEL = 0.05


def follow_paths(problems, strengths, penalties, *, tol, max_iter, progress=None):
    """Solve problems for a sequence of penalties, each from the one before.

    Parameters
    ----------
    problems : list of LogisticProblem
        Problems over one design that share their columns, by
        ``LogisticProblem.reweighted``.
    strengths : sequence of float
        What the penalties are multiplied with, decreasing.
    penalties : list of (l1, l2), both ndarray of shape (n_features,)
        Penalties of each problem at strength 1.
    tol : float
        The duality gap is brought down to ``tol`` times the null value of a problem.
    max_iter : int
        Limit of the number of Newton steps for each penalty.
    progress : callable or None
        Called with the index of a strength and the solutions for it.

    Returns
    -------
    list of list of LogisticSolution
        For each problem its solutions.
    """
    paths = [
        _Path(problem, *pair, tol, max_iter)
        for problem, pair in zip(problems, penalties, strict=True)
    ]
    found = [[] for _ in problems]
    for k, strength in enumerate(strengths):
        solutions = _solve_together(paths, float(strength))
        for own, solution in zip(found, solutions, strict=True):
            own.append(solution)
        if progress is not None:
            progress(k, solutions)
    return found


def suits(problem, l1, l2):
    """Whether :func:`follow_paths` is made for the penalties of a problem."""
    return bool(l1.all())


def _solve_together(paths, strength):
    """Return the solutions of all paths for one strength."""
    problem = paths[0].problem
    design, working = problem.design, problem.working
    for path in paths:
        path.begin(strength)
        working.add(path.candidates())
    left = [path for path in paths if not path.ended()]
    while left:
        slopes = _correlate(working, [path.state.theta for path in left])
        moves = [
            path.propose(slope, working)
            for path, slope in zip(left, slopes, strict=True)
        ]
        products = _product(working, moves)
        points = [
            path.step(product, working)
            for path, product in zip(left, products, strict=True)
        ]
        slopes = design.raw_correlate(np.stack(points, axis=1))
        for k, path in enumerate(left):
            path.certify(points[k], np.ascontiguousarray(slopes[:, k]))
        left = [path for path in left if not path.ended()]
        for path in left:
            working.add(path.candidates())
    return [path.solution() for path in paths]


def _correlate(working, thetas):
    """Return the products of the columns, as they are held, with several thetas."""
    if working.design.sparse or len(thetas) == 1:
        return [working.correlate(theta) for theta in thetas]
    return (working.panel.T @ np.stack(thetas, axis=1)).T


def _product(working, moves):
    """Return the products of the columns with several changes."""
    if working.design.sparse or len(moves) == 1:
        return [working.product(move) for move in moves]
    return (working.panel @ np.stack(moves, axis=1)).T


class _Point:
    """Coefficients with their raw predictions, and what follows from them."""

    def __init__(self, problem, w, intercept, raw):
        self.problem = problem
        self.w, self.intercept, self.raw = w, intercept, raw
        self._loss = None

    @property
    def loss(self):
        self._evaluate()
        return self._loss

    @property
    def theta(self):
        self._evaluate()
        return self._theta

    @property
    def curvature(self):
        self._evaluate()
        return self._curvature

    def _evaluate(self):
        if self._loss is None:
            problem = self.problem
            self._theta = np.empty_like(self.raw)
            self._curvature = np.empty_like(self.raw)
            self._loss = kernels.evaluate(
                self.raw, problem.sign, problem.weight, self._theta, self._curvature
            )

    def moved(self, w, shift, step):
        """Return the point after a step in raw predictions."""
        return _Point(self.problem, w, self.intercept + shift, self.raw + step)


@dataclass
class _Columns:
    """What an active set asks of the columns it works on."""

    gram: np.ndarray
    design: object

    def __len__(self):
        return len(self.gram)


class _Hessian:
    """The weighted Gram matrix of some columns, about weights of some time ago."""

    def __init__(self):
        self.curvature = None
        self.places = np.empty(0, dtype=np.int64)
        self.gram = np.empty((0, 0))
        self.active = None

    def drop(self):
        """Have the matrix made afresh the next time."""
        self.curvature = None

    def prepare(self, working, curvature, wanted):
        """Have at least the columns wanted; return whether the matrix is fresh."""
        fresh = self.curvature is None
        if fresh:
            self.curvature = curvature.copy()
            self.total = curvature.sum()
            self.ratio = 1.0
            self.places = wanted
            self.gram = working.gram(curvature, wanted, wanted)
            self.active = ActiveSet(self._columns(working))
            return True
        self.ratio = curvature.sum() / self.total
        missing = np.setdiff1d(wanted, self.places, assume_unique=True)
        if len(missing):
            have = len(self.places)
            every = np.concatenate([self.places, missing])
            block = working.gram(self.curvature, every, missing)
            grown = np.empty((len(every), len(every)))
            grown[:have, :have] = self.gram
            grown[:, have:] = block
            grown[have:, :have] = block[:have].T
            self.places, self.gram = every, grown
            self.active.working = self._columns(working)
        return False

    def _columns(self, working):
        return _Columns(self.gram, working.design)


class _Path:
    """One weighting of the rows on its way along the penalties."""

    def __init__(self, problem, l1, l2, tol, max_iter):
        self.problem = problem
        self.unit_l1, self.unit_l2 = l1, l2
        self.max_iter = max_iter
        self.boxed = bool(
            np.isfinite(problem.lower).any() or np.isfinite(problem.upper).any()
        )
        intercept, self.null_value = problem.null()
        self.goal = tol * self.null_value
        n_features = problem.design.shape[1]
        self.state = _Point(
            problem, np.zeros(n_features), float(intercept), problem.offset + intercept
        )
        self.before = None
        self.slope = problem.design.raw_correlate(self.state.theta)
        self.hessian = _Hessian()

    def begin(self, strength):
        """Turn to the next strength of the penalty."""
        self.l1, self.l2 = strength * self.unit_l1, strength * self.unit_l2
        self.n_iter, self.gap, self.last_gap = 0, np.inf, np.inf
        self.lost = False
        self.strength, old = strength, getattr(self, "strength", None)
        self.start = None
        state = self.state
        if self.before is not None:
            earlier, point = self.before
            t = (strength - old) / (old - earlier)
            w = (1.0 + t) * state.w - t * point.w
            intercept = (1.0 + t) * state.intercept - t * point.intercept
            raw = (1.0 + t) * state.raw - t * point.raw
            self.start = _Point(self.problem, w, intercept, raw)
        if old is not None:
            self.before = old, state
        self.reference = self.state
        if self.start is not None:
            # Coefficients that would change their sign stop at zero instead.
            self.clipped = np.where(w * state.w > 0.0, w, 0.0)
            self.state = self.start
        else:
            self.clipped = state.w

    def candidates(self):
        """Return the columns that are to be in the working set."""
        problem, l1 = self.problem, self.l1
        held = self.state.w != 0.0
        excess = np.abs(self.slope) - _LIKELY * l1
        excess[np.where(self.slope > 0.0, problem.upper, problem.lower) == 0.0] = -1.0
        excess[held] = -1.0
        excess[problem.working.columns] = -1.0
        violators = np.flatnonzero(excess > 0.0)
        count = max(_FIRST_VIOLATORS, 2 * np.count_nonzero(held))
        if len(violators) > count:
            top = np.argpartition(excess[violators], -count)[-count:]
            violators = violators[top]
        return np.concatenate([np.flatnonzero(held), violators])

    def ended(self):
        """Whether there is nothing left to do for this strength."""
        return self.gap <= self.goal or self.lost or self.n_iter >= self.max_iter

    def propose(self, slope, working):
        """Minimise the model; return the change of the columns' coefficients."""
        columns = working.columns
        state, hessian = self.state, self.hessian
        if self.gap > _PACE * self.last_gap:
            hessian.drop()
        wanted = (state.w[columns] != 0.0) | (
            np.abs(self.slope[columns]) >= _LIKELY * self.l1[columns]
        )
        self.fresh = hessian.prepare(working, state.curvature, np.flatnonzero(wanted))
        places, ratio = hessian.places, hessian.ratio
        chosen = columns[places]
        drift = 0.0
        gradient = slope[places].copy()
        if self.problem.fit_intercept:
            # The slopes are those after the model's own step of the intercept.
            drift = state.theta.sum() / (ratio * hessian.total)
            gradient -= (drift * ratio) * working.correlate(hessian.curvature, places)
        old = state.w[chosen]
        new = self.clipped[chosen]
        gradient /= ratio
        if self.start is not None and self.n_iter == 0:
            gradient -= hessian.gram @ (new - old)
        l1, l2 = self.l1[chosen] / ratio, self.l2[chosen] / ratio
        self._minimise(gradient, new, l1, l2, chosen)
        change = np.zeros(len(columns))
        change[places] = new - old
        self.move = columns[places], old, new
        return change

    def _minimise(self, gradient, new, l1, l2, chosen):
        hessian, problem = self.hessian, self.problem
        if not self.boxed and hessian.active.worthwhile(new, l1, l2):
            done, _ = hessian.active.move(new, gradient, l1, l2, False)
            if done:
                return
        aim = _MODEL * self.goal
        minimise_quadratic(
            hessian.gram,
            gradient,
            new,
            l1,
            l2,
            problem.lower[chosen],
            problem.upper[chosen],
            aim,
            aim / self.null_value,
        )

    def step(self, product, working):
        """Take the step; return the dual point of the model's optimum."""
        problem, state, hessian = self.problem, self.state, self.hessian
        columns, old, new = self.move
        change = new - old
        shift = 0.0
        if problem.fit_intercept:
            pull = float(hessian.curvature @ product) / hessian.total
            shift = state.theta.sum() / (hessian.ratio * hessian.total) - pull
        step = product + shift
        shift -= float(working.origin(columns) @ change)
        theta = state.theta - hessian.ratio * hessian.curvature * step
        w = state.w.copy()
        w[columns] = new
        before = state.loss + kernels.penalty_value(state.w, self.l1, self.l2)
        length = 1.0
        for _ in range(_HALVINGS):
            value = kernels.loss_value(
                state.raw, step, length, problem.sign, problem.weight
            ) + kernels.penalty_value(w, self.l1, self.l2)
            if value <= before + 1e-12 * abs(before):
                break
            length *= 0.5
            w = state.w.copy()
            w[columns] = old + length * change
        else:
            self.lost = True
        self.state = state.moved(w, length * shift, length * step)
        self.value = value
        self.clipped = w
        self.n_iter += 1
        return theta

    def certify(self, theta, slope):
        """Take the slopes at the dual point, and the gap."""
        problem = self.problem
        dual = problem.dual.value(
            theta, slope, self.state.w, self.l1, self.l2, problem.lower, problem.upper
        )
        self.last_gap, self.gap = self.gap, self.value - dual
        self.slope = slope
        if self.n_iter == 1 and self.gap > _CLOSE * self.goal and not self.fresh:
            self.hessian.drop()
        if self.n_iter >= _STEPS:
            self.lost = True

    def solution(self):
        """Return the solution."""
        if self.gap > self.goal:
            pass
        state = self.state
        return LogisticSolution(
            state.w, state.intercept, self.gap, self.null_value, self.n_iter
        )
