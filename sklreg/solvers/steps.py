"""One step along a path on a working set: exact, or by sweeps where they cost less.

Exact steps of the parametric active set have to factor the support again whenever l2
changes, and solve with it at every event. Under an l2 penalty sweeps of coordinate
descent contract at a rate, and from the solution before they often need but a few.
How many is found by trying: sweeps get what an exact step is expected to cost, and
where that did not suffice they are left alone for a while, longer each time.
"""

import numpy as np

from sklreg.solvers._coordinate_descent_kernels import panel_descent
from sklreg.solvers.active_set import LAPACK_SUPPORT, LARGEST_SUPPORT

# Below this product of support and columns exact steps take as long as a few sweeps.
_SMALL_WORK = 1 << 14
# Multiplications of LAPACK that take as long as one of a kernel.
_LAPACK_SPEED = 8.0
# With a smaller allowance than this, sweeps are not worth a trial.
_FEW_SWEEPS = 4
# Steps left to the active set after sweeps have failed: once, and at the most.
_FIRST_PAUSE, _LONGEST_PAUSE = 2, 32
# Inside, the gap is brought down to this part of the goal.
_INNER = 0.2
# Sweeps that end this far below it were one too many.
_EASY = 0.1
_FIRST_LOOK = 2
# Gaps below this part of ||b||^2 are rounding, and say nothing about sweeps.
_ROUNDING = 1e-12


class PathSteps:
    """Moves on the working set of a problem, from one penalty of a path to the next.

    Parameters
    ----------
    problem : LeastSquaresProblem
        The problem, with its working set and its active set.
    tol : float
        Tolerance that sweeps are held to.
    max_iter : int
        Bound on the sweeps of one move.
    """

    def __init__(self, problem, tol, max_iter):
        self.problem = problem
        self.goal = _INNER * problem.goal(tol)
        self.max_iter = max_iter
        self.events = 0
        self.pause, self.waiting = _FIRST_PAUSE, 0
        # Sweeps over rows that sufficed the last time.
        self.look = _FIRST_LOOK
        self.begin()

    def begin(self):
        """Forget the steps before: the next one starts from somewhere else."""
        self.here = self.before = self.residual = None

    def move(self, w, gradient, l1, l2):
        """Move w, on the working set, to the optimum for (l1, l2) in place.

        ``gradient``, ``A^T (b - A w)`` on the working set, moves along. Returns
        whether the end was reached, and the number of sweeps and events on the way.
        """
        if not len(w):
            return True, 0
        before = w != 0.0
        sweeps, reached = self._sweep(w, gradient, l1, l2)
        events = 0
        if not reached:
            self.residual = None
            reached, events = self.problem.active.move(
                w, gradient, l1, l2, self.problem.positive
            )
        self.events = np.count_nonzero(before != (w != 0.0))
        self.before = self.here
        self.here = l1[0], w.copy(), gradient.copy(), self.residual
        return reached, sweeps + events

    def _sweep(self, w, gradient, l1, l2):
        """Try sweeps where they may cost less; return their number and the success."""
        if not l2.all() or self.goal < _ROUNDING * self.problem.null_square:
            return 0, False
        size = np.count_nonzero(w)
        if size * len(w) < _SMALL_WORK:
            return 0, False
        in_gram, allowance = self._allowance(size, len(w))
        if allowance < _FEW_SWEEPS:
            return 0, False
        if self.waiting and size <= LARGEST_SUPPORT:
            self.waiting -= 1
            return 0, False
        self._reach_ahead(w, gradient, l1[0])
        limit = int(min(allowance, self.max_iter))
        descend = self._in_gram if in_gram else self._in_rows
        sweeps, gap = descend(w, gradient, (l1, l2), limit)
        if gap <= self.goal:
            self.pause = _FIRST_PAUSE
            return sweeps, True
        self.waiting = self.pause
        self.pause = min(2 * self.pause, _LONGEST_PAUSE)
        return sweeps, False

    def _allowance(self, size, m):
        """Return whether sweeps use the Gram, and how many cost one exact step."""
        design = self.problem.design
        n_samples = np.inf if design.sparse else design.shape[0]
        # A column at zero costs a product with the residual, and with the Gram nothing.
        in_rows, in_gram = n_samples * (2 * size + (m - size)), size * m
        exact = size**3 / 3.0
        if size > LAPACK_SUPPORT:
            exact /= _LAPACK_SPEED
        exact += self.events * (size * size + size * m)
        return in_gram <= in_rows, exact / min(in_gram, in_rows)

    def _reach_ahead(self, w, gradient, level):
        """Go on in the direction of the last step, as far as the penalty falls.

        Solutions are nearly linear in the penalty from one step to the next, and
        the gradient and residual of a combination are the combination of theirs.
        """
        if self.before is None:
            return
        level_here, _, _, residual = self.here
        level_before, w_before, gradient_before, residual_before = self.before
        if not level_before > level_here > level:
            return
        step = (level_here - level) / (level_before - level_here)
        ahead = w + step * (w - w_before)
        if self.problem.positive and np.any(ahead < 0.0):
            return
        w[:] = ahead
        gradient += step * (gradient - gradient_before)
        self.residual = None
        if residual is not None and residual_before is not None:
            self.residual = residual + step * (residual - residual_before)

    def _in_gram(self, w, gradient, penalties, limit):
        problem, self.residual = self.problem, None
        q = problem.q[problem.working.columns]
        with_target = problem.null_square - float(q @ w)
        square = with_target - float(gradient @ w)
        return problem.descend_gram(
            w,
            gradient,
            (max(0.0, square), with_target),
            penalties,
            self.goal,
            limit,
            (np.inf, limit + 1, False),
        )

    def _in_rows(self, w, gradient, penalties, limit):
        problem = self.problem
        panel = problem.working.panel
        here = self.residual
        self.residual = problem.b - panel @ w if here is None else here.copy()
        sweeps, gap = panel_descent(
            panel,
            problem.working.squares,
            problem.b,
            self.residual,
            w,
            *penalties,
            problem.positive,
            problem.selection.order(len(w)),
            limit,
            self.goal,
            self.look,
            gradient,
        )
        easy = gap <= _EASY * self.goal
        self.look = max(1, sweeps - 1 if easy else sweeps)
        return sweeps, gap
