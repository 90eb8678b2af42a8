"""L1-penalised logistic regression under many weightings of the same rows.

All weightings of a block take their proximal Newton steps together, from the solution
on all rows: products with X, for steps, slopes and certificates, are one product of
matrices each. A weighting has a Gram matrix of the few columns that matter to it, kept
from step to step as long as the steps bring the gap down fast.
"""

import numpy as np

from sklreg.solvers import _logistic_kernels as kernels
from sklreg.solvers.logistic_columns import LogisticColumns
from sklreg.solvers.logistic_state import Damping, LogisticSolution, State
from sklreg.solvers.quadratic import minimise_quadratic

# Weightings of a block: their predictions stay within the caches.
_BLOCK = 16
# Columns whose slope has come this close to its level are in the quadratic model.
_LIKELY = 0.9
# A Gram matrix is made afresh when a step left more than this of the gap.
_SLOW = 0.15
# The model is minimised to this part of the gap.
_MODEL = 0.01
# Steps after which a weighting is left to a solver of its own.
_STEPS = 25
# Larger supports are no longer small beside X.
_LARGEST = 1024


def logistic_weightings(problems, penalties, start, *, tol, max_iter, each):
    """Solve logistic problems that differ in the weights of their rows only.

    Parameters
    ----------
    problems : list of LogisticProblem
        Problems over one dense design, by ``LogisticProblem.reweighted``.
    penalties : list of (l1, l2), both ndarray of shape (n_features,)
        Penalties of each problem; the first must be positive.
    start : tuple
        ``(w, intercept, raw)``: coefficients, and the raw predictions they give.
    tol : float
        The duality gap is brought down to ``tol`` times the null value of a problem.
    max_iter : int
        Limit of the number of Newton steps.
    each : callable
        ``each(function, items)`` returns a list of the function's values; it may run
        them on several threads.

    Returns
    -------
    list of LogisticSolution or None
        None for a problem that did not come to its end here.
    """
    if not problems:
        return []
    n_blocks = -(-len(problems) // _BLOCK)
    n_blocks += n_blocks % 2  # two threads end together
    parts = np.array_split(np.arange(len(problems)), n_blocks)
    steps = min(_STEPS, max_iter)

    def solve(part):
        members = [_Member(problems[b], *penalties[b], start, tol) for b in part]
        return _Block(members).solve(steps)

    return [fit for fits in each(solve, parts) for fit in fits]


class _State(State):
    """A state that starts from known raw predictions."""

    def __init__(self, problem, w, intercept, raw):
        self.problem = problem
        self.w = w.copy()
        self.intercept = intercept
        self.raw = raw.copy()
        self.theta, self.curvature = np.empty_like(raw), np.empty_like(raw)
        self.damping = Damping()
        self._evaluate()


class _Member:
    """One weighting: its state, and the quadratic model that it steps with."""

    def __init__(self, problem, l1, l2, start, tol):
        self.problem = problem
        self.l1, self.l2 = l1, l2
        self.null_value = problem.null()[1]
        self.goal = tol * self.null_value
        self.state = _State(problem, *start)
        self.gap = np.inf
        self.n_iter = 0
        self.places, self.gram = None, None
        self.stalled = False

    def certify(self, theta, slope):
        """Take the slopes of all features; return whether the gap is closed."""
        state, problem = self.state, self.problem
        self.value = state.loss + kernels.penalty_value(state.w, self.l1, self.l2)
        dual = problem.dual.value(
            theta, slope, state.w, self.l1, self.l2, problem.lower, problem.upper
        )
        self.before, self.gap = self.gap, self.value - dual
        return self.gap <= self.goal

    def wanted(self, slope):
        """Return which columns may matter, and which must be in the model."""
        support = self.state.w != 0.0
        return support | (np.abs(slope) > _LIKELY * self.l1), support | (
            np.abs(slope) > self.l1
        )

    def propose(self, working, slope, likely, needed):
        """Return the change of the coefficients that minimises the model."""
        have = self.places is not None and not np.any(needed & ~self.known)
        if not have or self.gap > _SLOW * self.before:
            places = np.flatnonzero(likely[working.columns])
            if self.places is not None:
                places = np.union1d(places, self.places)
            self.gram = working.gram(self.state.damped(), places, places, single=True)
            self.places, self.known = places, np.zeros(len(slope), dtype=bool)
            self.known[working.columns[places]] = True
        columns = working.columns[self.places]
        new = self.state.w[columns]
        old = new.copy()
        aim = max(0.03 * self.goal, _MODEL * min(self.gap, self.value))
        if not len(new):
            return columns, old, new
        minimise_quadratic(
            self.gram,
            slope[columns],
            new,
            self.l1[columns],
            self.l2[columns],
            self.problem.lower[columns],
            self.problem.upper[columns],
            aim,
            aim / self.value,
        )
        return columns, old, new

    def solution(self):
        """Return the solution, or None where the gap is still open."""
        if not self.gap <= self.goal:
            return None
        state = self.state
        return LogisticSolution(
            state.w, state.intercept, self.gap, self.null_value, self.n_iter
        )


class _Block:
    """Weightings that take their steps together."""

    def __init__(self, members):
        self.members = members

    def solve(self, max_steps):
        """Return the solutions, None where there is none within the steps."""
        if not self.members:
            return []
        problem = self.members[0].problem
        design = problem.design
        working = LogisticColumns(design, problem.fit_intercept)
        left = self.members
        for step in range(max_steps + 1):
            thetas = [m.problem.dual.project(m.state, m.l1, m.l2)[0] for m in left]
            slopes = np.ascontiguousarray(design.raw_correlate(np.stack(thetas).T).T)
            open_ = [
                (m, slope)
                for m, theta, slope in zip(left, thetas, slopes, strict=True)
                if not (m.certify(theta, slope) or m.stalled)
            ]
            if not open_ or step == max_steps:
                break
            left = [m for m, _ in open_]
            slopes = [slope for _, slope in open_]
            marks = [m.wanted(slope) for m, slope in open_]
            if max(likely.sum() for likely, _ in marks) > _LARGEST:
                break
            working.add(np.flatnonzero(np.any([likely for likely, _ in marks], axis=0)))
            moves = [
                m.propose(working, slope, *mark)
                for (m, slope), mark in zip(open_, marks, strict=True)
            ]
            change = np.zeros((len(left), design.shape[1]))
            for row, (columns, old, new) in enumerate(moves):
                change[row, columns] = new - old
            products = change[:, working.columns] @ working.panel.T
            for m, (columns, old, new), product in zip(
                left, moves, products, strict=True
            ):
                m.n_iter += 1
                moved = m.problem._search(
                    m.state,
                    old,
                    new,
                    product,
                    working.origin(columns),
                    (m.l1[columns], m.l2[columns]),
                )
                m.state.w[columns] = old
                m.stalled = not moved
        return [m.solution() for m in self.members]
