"""One step along a path on a working set: exact, or by sweeps where they cost less.

Exact steps of the parametric active set have to factor the support again whenever l2
changes, and solve with it at every event. Under an l2 penalty sweeps of coordinate
descent contract at a rate, and from the solution before they often need but a few.
How many is found by trying: sweeps get what an exact step is expected to cost, and
where that did not suffice they are left alone for a while, longer each time.
"""

import numpy as np

from sklreg.solvers.active_set import LAPACK_SUPPORT, LARGEST_SUPPORT

# Supports below this are factored in less time than a few sweeps take.
_SMALL_SUPPORT = 64
# Multiplications of LAPACK that take as long as one of a kernel.
_LAPACK_SPEED = 8.0
# With a smaller allowance than this, sweeps are not worth a trial.
_FEW_SWEEPS = 4
# Steps left to the active set after sweeps have failed: once, and at the most.
_FIRST_PAUSE, _LONGEST_PAUSE = 2, 32
# Inside, the gap is brought down to this part of the goal.
_INNER = 0.2
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

    def move(self, w, gradient, l1, l2):
        """Move w, on the working set, to the optimum for (l1, l2) in place.

        ``gradient``, ``A^T (b - A w)`` on the working set, moves along. Returns
        whether the end was reached, and the number of sweeps and events on the way.
        """
        before = w != 0.0
        sweeps, reached = self._sweep(w, gradient, l1, l2)
        events = 0
        if not reached:
            reached, events = self.problem.active.move(
                w, gradient, l1, l2, self.problem.positive
            )
        self.events = np.count_nonzero(before != (w != 0.0))
        return reached, sweeps + events

    def _sweep(self, w, gradient, l1, l2):
        """Try sweeps where they may cost less; return their number and the success."""
        if not l2.all() or self.goal < _ROUNDING * self.problem.null_square:
            return 0, False
        size = np.count_nonzero(w)
        if size < _SMALL_SUPPORT:
            return 0, False
        in_gram, allowance = self._allowance(size, len(w))
        if allowance < _FEW_SWEEPS:
            return 0, False
        if self.waiting and size <= LARGEST_SUPPORT:
            self.waiting -= 1
            return 0, False
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

    def _in_gram(self, w, gradient, penalties, limit):
        problem = self.problem
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
        residual = problem.b - panel @ w
        found = problem.descend_residual(w, residual, penalties, self.goal, limit)
        gradient[:] = (problem.b - panel @ w) @ panel
        return found
