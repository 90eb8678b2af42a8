"""Single fits by sweeps over columns in float32, each round corrected by X.

A sweep waits for its columns to come from memory; in float32 they are half as long. A
round starts from the residual and the correlations that X gives in float64, so that
its errors are those of its step alone and the next round takes them out. Where columns
depend on each other sweeps take long: how long is foreseen from how the gap falls, and
they are given up where exact steps on the support cost less.
"""

import numpy as np

from sklreg._threads import in_parts
from sklreg.solvers import _single_sweeps_kernels as kernels

# Features and entries of a dense X above which sweeps are tried, and the least
# tolerance: float32 takes few rounds to that.
_FEW, _MEDIUM, _LEAST_TOL = 64, 100_000, 1e-7
# Rounds, the last of which is to have met the goal.
_ROUNDS = 5
# A round ends at this part of the gap that is asked for.
_INNER = 0.3
# The first, as columns are missing, ends at this part of the gap that it began with.
_FIRST = 0.01
# Float32 brings it down by this factor, in any case.
_DIGITS = 1e-5
# With this part of the columns the others may as well come along.
_MOST = 0.5
_FIRST_LOOK, _LATER_LOOK = 5, 3
# Sweeps are given up when they would cost more than exact steps, once they have cost
# this much of them, for the gap falls slowly until the support is near. With more
# features than samples that may be never.
_SHARE, _SHARE_WIDE = 0.25, 0.15
# Iterates that one extrapolation combines, and what it adds to their inner products.
_ITERATES, _RIDGE = 6, 1e-12
# Where they have not brought the gap down by this factor they were in vain.
_NEARER = 1e-2
# Sweeps over the support, a quarter more columns at that, that most fits take.
_USUAL_SWEEPS = 24
# Nanoseconds of a value of a column in a sweep, from the cache and from memory, and of
# a column besides. More values than these do not stay in the cache.
_IN_CACHE, _IN_MEMORY, _A_COLUMN, _CACHE = 0.17, 0.25, 50.0, 1 << 21
# Those of a value of X to convert it and to certify, over all rounds.
_A_VALUE = 1.8
# Those of exact steps: of each fit, of a value of X, of one of the Gram matrix of the
# support for each sample, and of the cubed size of the support.
_EXACT, _EXACT_VALUE, _EXACT_GRAM, _EXACT_CUBE = 7e5, 2.4, 0.018, 0.19
# Of the columns half are in the support at 1 / 100 of the penalty that excludes all.
_HALF = 100.0
# Squared norms whose products neither overflow nor vanish in float32.
_RANGE = 1e-24, 1e24
# Runs of neighbouring columns that show how correlated columns are, their length, and
# the samples that do. Sweeps take long where the squared correlations of a column with
# these columns, itself among them, add up to more than the last.
_RUNS, _RUN, _SAMPLES, _CORRELATED = 8, 4, 256, 2.0
# Values below which a part of the columns is not worth a thread.
_VALUES_A_THREAD = 1 << 20


def may_sweep(problem, l1, tol):
    """Whether sweeps apply to a problem that nothing has been worked out for."""
    n_samples, n_features = problem.design.shape
    return (
        tol >= _LEAST_TOL
        and not problem.design.sparse
        and _FEW < n_features <= 2 * n_samples
        and n_samples * n_features >= _MEDIUM
        and problem.working.whole_gram is None
        and not len(problem.working)
        and problem.selection.random_state is None
        and bool(l1.all())
    )


def _in_range(squares):
    """Whether all columns of these squared norms, but for zeros, suit float32."""
    least, most = _RANGE
    return bool(np.all((squares == 0.0) | ((least < squares) & (squares < most))))


class _Round:
    """Sweeps from a start whose residual and correlations are exact.

    Parameters
    ----------
    rows : ndarray of shape (n_columns, n_samples), float32
        The columns.
    squares : ndarray of shape (n_columns,)
        Their squared norms.
    residual : ndarray of shape (n_samples,)
        The residual of the start.
    slope : ndarray of shape (n_columns,)
        Its correlation with the columns.
    start : ndarray of shape (n_columns,)
        Coefficients.
    l1, l2 : ndarray of shape (n_columns,)
        Penalties.
    positive : bool
        Whether coefficients are kept from falling below zero.
    """

    def __init__(self, rows, squares, residual, slope, start, l1, l2, positive):
        self.rows, self.squares, self.residual = rows, squares, residual
        self.slope, self.w = slope, start.copy()
        self.l1, self.l2, self.positive = l1, l2, positive
        # What the change of the coefficients has taken from the residual.
        self.pull = np.zeros(len(residual), dtype=np.float32)
        off = slope - l2 * start
        near = (start != 0.0) | (
            (off if positive else np.abs(off)) >= kernels.NEAR * l1
        )
        self._order = np.empty(len(start), dtype=np.intp)
        self.active = self._order[: np.count_nonzero(near)]
        self.active[:] = np.flatnonzero(near)
        self._iterates, self._filled = np.empty((_ITERATES, len(start))), 0

    def sweep(self, n_sweeps):
        """Sweep over the active columns, and extrapolate every few sweeps."""
        while n_sweeps > 0:
            first = self._filled
            last = min(first + n_sweeps, _ITERATES)
            kernels.sweep(
                self.rows,
                self.squares,
                self.slope,
                self.pull,
                self.w,
                self.l1,
                self.l2,
                self.positive,
                self._order,
                len(self.active),
                self._iterates[first:last],
            )
            n_sweeps -= last - first
            self._filled = last
            if last == _ITERATES:
                self._filled = 0
                self._leap()

    def look(self):
        """Return the duality gap on the columns, and choose those to sweep over."""
        gap, n_active = kernels.look(
            self.rows,
            self.slope,
            self.residual,
            self.pull,
            self.w,
            self.l1,
            self.l2,
            self.positive,
            self._order,
        )
        self.active = self._order[:n_active]
        return gap

    @np.errstate(over="ignore", invalid="ignore")
    def _leap(self):
        """Go to the extrapolation of the last iterates if it lowers the objective."""
        there = _extrapolated(self._iterates, self.positive)
        if there is None:
            return
        step = there - self.w
        pull = step.astype(np.float32) @ self.rows
        half_way = self.pull.astype(np.float64) + 0.5 * pull
        change = half_way @ pull - self.slope @ step
        change += self.l1 @ (np.abs(there) - np.abs(self.w))
        change += 0.5 * (self.l2 @ (there**2 - self.w**2))
        if change < 0.0:
            self.w, self.pull = there, self.pull + pull


def _extrapolated(iterates, positive):
    """Anderson's combination of iterates (Bertrand and Massias 2021), or None."""
    steps = np.diff(iterates, axis=0)
    inner = steps @ steps.T
    inner.flat[:: len(inner) + 1] += _RIDGE * inner.trace()
    try:
        shares = np.linalg.solve(inner, np.ones(len(inner)))
    except np.linalg.LinAlgError:
        return None
    total = shares.sum()
    if total == 0.0 or not np.isfinite(total):
        return None
    there = shares / total @ iterates[1:]
    # An extrapolated sign that its last iterate does not have is noise.
    there[iterates[-1] == 0.0] = 0.0
    return np.maximum(there, 0.0) if positive else there


class SingleSweeps:
    """Sweeps for one penalty of a problem with a dense design.

    Parameters
    ----------
    problem : LeastSquaresProblem
        The problem.
    l1, l2 : ndarray of shape (n_features,)
        Penalties of the features, those of l1 positive.
    """

    def __init__(self, problem, l1, l2):
        self.problem = problem
        self.l1, self.l2 = l1, l2
        n_samples, n_features = problem.design.shape
        # Memory that is never written to costs nothing.
        self._rows = np.empty((n_features, n_samples), dtype=np.float32)
        self._squares = np.empty(n_features)
        self.columns = np.empty(0, dtype=np.int64)
        self._member = np.zeros(n_features, dtype=bool)
        self.sweeps, self.spent = 0, 0.0
        self._wide = n_features > n_samples

    def add(self, columns):
        """Add columns; return whether all are within the range of float32."""
        columns = columns[~self._member[columns]]
        self._member[columns] = True
        design, have = self.problem.design, len(self.columns)
        self.columns = np.concatenate([self.columns, columns])
        out, squares = self._rows[have:], self._squares[have:]

        def fill(first, last):
            squares[first:last] = design.fill_rows(columns[first:last], out[first:last])

        least = 1 + _VALUES_A_THREAD // design.shape[0]
        if len(columns):
            in_parts(fill, len(columns), least)
        return _in_range(squares[: len(columns)])

    def run(self, w, goal, max_sweeps):
        """Bring the gap down to the goal, in place of w.

        Returns ``(gap, correlation)`` as X has them in float64, the gap infinite
        where nothing was done, and the correlation None where it is not known.
        """
        problem, start = self.problem, w.copy()
        correlation, first, last = None, None, np.inf
        for _ in range(_ROUNDS):
            residual, correlation, gap = problem.certify_at(
                w, self.l1, self.l2, correlation
            )
            first = first or gap
            if not gap < 0.5 * last or gap <= goal:
                return gap, correlation
            last, columns = gap, self._candidates(w, correlation)
            promising = self._promises(w, correlation, len(columns))
            if not self.sweeps:
                promising = promising and self._suits(columns)
            if not (promising and self.add(columns)):
                return gap, correlation
            missing = not self.sweeps and len(self.columns) < len(w)
            part = _FIRST if missing else _DIGITS
            target = max(_INNER * goal, part * gap)
            reached = self._descend(w, residual, correlation, target, max_sweeps)
            correlation = None
            if not reached <= target:
                last = reached
                break
        if self._wide or not last <= _NEARER * first:
            # Exact steps would have to take back most of what came in.
            w[:] = start
        return np.inf, None

    def _suits(self, columns):
        """Whether float32 holds the target, and sweeps over columns go ahead."""
        return _in_range(self.problem.target_square) and not self._correlated(columns)

    def _correlated(self, columns):
        """Whether some of the columns are so correlated that sweeps take long."""
        if len(columns) > _RUNS * _RUN:
            starts = np.arange(_RUNS) * (len(columns) // _RUNS)
            columns = columns[(starts[:, None] + np.arange(_RUN)).ravel()]
        rows = self._rows[: len(columns)]
        if not _in_range(self.problem.design.fill_rows(columns, rows)):
            return True
        rows = rows[:, :: 1 + len(rows.T) // _SAMPLES].astype(np.float64)
        gram = rows @ rows.T
        norms = np.sqrt(gram.diagonal())
        norms[norms == 0.0] = 1.0
        shares = (gram / norms / norms[:, None]) ** 2
        return shares.sum() > _CORRELATED * len(columns)

    def _candidates(self, w, correlation):
        """Return the support and the columns that violate optimality."""
        slope = correlation - self.l2 * w
        if not self.problem.positive:
            slope = np.abs(slope)
        wanted = (w != 0.0) | (slope > self.l1)
        if np.count_nonzero(wanted) > _MOST * len(w):
            wanted[:] = True
        return np.flatnonzero(wanted)

    def _descend(self, w, residual, correlation, target, max_sweeps):
        """Sweep until the gap on the columns is small, or too far; return the gap."""
        columns, m = self.columns, len(self.columns)
        round_ = _Round(
            self._rows[:m],
            self._squares[:m],
            residual,
            correlation[columns],
            w[columns],
            self.l1[columns],
            self.l2[columns],
            self.problem.positive,
        )
        gap_before, done, step = np.inf, 0, _FIRST_LOOK
        share = _SHARE_WIDE if self._wide else _SHARE
        while True:
            step, swept = min(step, max_sweeps - self.sweeps), len(round_.active)
            round_.sweep(step)
            gap = round_.look()
            done += step
            self.sweeps += step
            w[columns] = round_.w
            if not gap > target:
                return gap
            # Sweeps lower the gap by a factor each; at first it may rise.
            ahead = 3.0 * done
            if gap < gap_before < np.inf:
                ahead = step * np.log(target / gap) / np.log(gap / gap_before)
            to_come = ahead * self._work(len(round_.active), m)
            support = np.count_nonzero(round_.w)
            self.spent += self._work(step * swept + 0.5 * m, m)
            exact = self._exact_work(support)
            too_far = self.spent > share * exact and self.spent + to_come > exact
            if too_far or self.sweeps >= max_sweeps:
                return gap
            gap_before = gap
            step = max(_LATER_LOOK, int(min(ahead, done / 2)))

    def _work(self, n_columns, held):
        """Return what a sweep over columns costs, of those held, in nanoseconds."""
        n_samples = self.problem.design.shape[0]
        cached = n_samples * held <= _CACHE
        value = _IN_CACHE if cached else _IN_MEMORY
        return n_columns * (n_samples * value + _A_COLUMN)

    def _exact_work(self, support):
        """Return what exact steps to a support cost, in nanoseconds."""
        n, p = self.problem.design.shape
        support = min(support, n)
        of_support = _EXACT_GRAM * n + _EXACT_CUBE * support
        return _EXACT + _EXACT_VALUE * n * p + of_support * support**2

    def _promises(self, w, correlation, m):
        """Whether sweeps over m columns may well cost less than exact steps."""
        above = np.max(np.abs(correlation) / self.l1)
        support = max(np.count_nonzero(w), m * above / (above + _HALF))
        sweeps = self._work(_FIRST_LOOK * m + _USUAL_SWEEPS * support, m)
        fixed = _A_VALUE * self.problem.design.shape[0] * m
        return fixed + sweeps < self._exact_work(support)
