"""Solutions along a path of penalties, certified several at a time.

A block of penalties is solved on a working set of the columns that it is foreseen to
need, exactly by the parametric active set or by sweeps where these cost less;
:mod:`sklreg.solvers.block_certificates` then tells the duality gap of each, with one
product with the whole of X. Where a column outside the set turns out to matter, it is
added and the penalties from there on are solved again. Few features are one set, and
their path is one block for one kernel. Otherwise each penalty is a
problem of its own, started from the solution before.
"""

import numpy as np

from sklreg.solvers.block_certificates import BlockCertifier
from sklreg.solvers.gram_certificates import GramCertifier
from sklreg.solvers.solution import Solution
from sklreg.solvers.steps import PathSteps

_FIRST_BLOCK = 4
_LARGEST_BLOCK = 8
# New columns a block may ask for, beside a share of the support.
_NEW_COLUMNS = 64
# With up to this many features, and as many samples, the working set is all of them.
_WHOLE = 512
_LARGEST_WHOLE_BLOCK = 32
# Sweeps bring the gap on the working set down to this part of the goal.
_INNER = 0.2


def solve_path(
    problem, alphas, l1_ratio, w=None, *, tol=1e-4, max_iter=1000, progress=None
):
    """Solve one problem for a decreasing sequence of penalties.

    Parameters
    ----------
    problem : LeastSquaresProblem or MultiTaskProblem
        Problem to solve.
    alphas : ndarray of shape (n_alphas,)
        Penalties, in decreasing order.
    l1_ratio : float
        Share of the L1 penalty.
    w : ndarray or None
        Where to start.
    tol : float
        Each duality gap is brought down to ``tol * ||b||^2``.
    max_iter : int
        Bound on the iterations of each penalty.
    progress : callable or None
        Called with the index, the penalty and the :class:`Solution` of each.

    Returns
    -------
    list of Solution
        One for each penalty. ``n_iter`` counts sweeps, or events of the active set.
    """
    l1s, l2s = alphas * l1_ratio, alphas * (1.0 - l1_ratio)
    if len(alphas) > 1 and l1s.all() and problem.in_blocks():
        solutions = _Follower(problem, l1s, l2s, tol, max_iter).run(w)
    else:
        solutions = _one_by_one(problem, l1s, l2s, w, tol, max_iter)
    found = []
    for i, solution in enumerate(solutions):
        found.append(solution)
        if progress is not None:
            progress(i, alphas[i], solution)
    return found


def _one_by_one(problem, l1s, l2s, w, tol, max_iter):
    correlation = None
    for l1, l2 in zip(l1s, l2s, strict=True):
        solution = problem.solve(
            l1, l2, w, tol=tol, max_iter=max_iter, correlation=correlation
        )
        w, correlation = solution.w, solution.correlation
        yield solution


class _Follower:
    def __init__(self, problem, l1s, l2s, tol, max_iter):
        self.problem = problem
        self.working = problem.working
        self.l1s, self.l2s = l1s, l2s
        self.tol, self.max_iter = tol, max_iter
        design = problem.design
        n_samples, n_features = design.shape
        self.small = problem.is_small()
        self.whole = self.small or (
            not design.sparse and n_features <= min(n_samples, _WHOLE)
        )
        if self.whole or problem.repays_gram():
            problem.make_gram()
        if self.whole:
            self.working.add(np.arange(n_features))
        if problem.certifies_by_gram(len(l1s)):
            self.certifier = GramCertifier(problem, problem.goal(tol))
        else:
            self.certifier = BlockCertifier(problem)
        self.steps = PathSteps(problem, tol, max_iter)
        # The last solution but one.
        self.before = None
        # Memory is had at once and filled in order: pages that are new cost more than
        # their values, one here and one there.
        shape = len(l1s), n_features
        self.solutions = np.full(shape, 0.0)
        self.correlations = np.full(shape, 0.0) if design.sparse else None

    def run(self, w):
        problem = self.problem
        n_features = problem.design.shape[1]
        w = np.zeros(n_features) if w is None else np.array(w, dtype=np.float64)
        if problem.positive:
            np.maximum(w, 0.0, out=w)
        null_level = problem.alpha_max()
        correlation = self.certifier.look(max(null_level, self.l1s[0]), w)
        first, n_alphas = 0, len(self.l1s)
        largest = _LARGEST_WHOLE_BLOCK if self.whole else _LARGEST_BLOCK
        largest = n_alphas if self.small else largest
        block = largest if self.whole else _FIRST_BLOCK
        while first < n_alphas:
            last = min(first + block, n_alphas)
            if not self.whole:
                self._propose(w, last)
            found = self._solve_block(w, correlation, first, last)
            accepted, refused = self._certify(found, first)
            if not accepted:
                # Not even the first penalty of the block held: solve it by itself.
                start, events, _ = found[0]
                solution = problem.solve(
                    self.l1s[first],
                    self.l2s[first],
                    start,
                    tol=self.tol,
                    max_iter=self.max_iter,
                )
                solution.n_iter += events
                self.certifier.look(self.l1s[first], solution.w, solution.correlation)
                self.solutions[first] = solution.w
                solution.w = self.solutions[first]
                accepted, refused = [solution], None
            yield from accepted
            self.before = accepted[-2].w if len(accepted) > 1 else w
            w, correlation = accepted[-1].w, accepted[-1].correlation
            whole_block = len(accepted) == last - first
            if refused is not None:
                # Nearer to what comes next, although columns are missing from it.
                self.before, (w, correlation) = None, refused
            first += len(accepted)
            block = min(2 * block, largest) if whole_block else len(accepted) + 1

    def _propose(self, w, last):
        """Add the columns that the block ahead is likely to need."""
        support = np.flatnonzero(w)
        self.working.add(support)
        here, before = self.certifier.end, self.certifier.before
        level, end = here.level, self.l1s[last - 1]
        expected = None
        if before is not None and before.level > level:
            # Correlations are piecewise linear in the penalty.
            length = (level - end) / (before.level - level)
            expected = here.correlation + length * (
                here.correlation - before.correlation
            )
        factor = self.problem.l1_factor
        # Columns of a Gram matrix had better be few.
        share = 0.5 if self.working.prefers_gram() else 2.0
        limit = _NEW_COLUMNS + int(share * len(support))
        self.working.propose(
            here.correlation, expected, level * factor, end * factor, limit
        )

    def _solve_block(self, w, correlation, first, last):
        """Return ``(w, n_iter, gradient)`` for each penalty, on the working set."""
        if self.small:
            return self._follow(w, first, last)
        if self.problem.design.sparse and not self.working.prefers_gram():
            return self._descend(w, first, last)
        columns = self.working.columns
        local = w[columns]
        gradient = correlation[columns]
        l1_factor = self.problem.l1_factor[columns]
        l2_factor = self.problem.l2_factor[columns]
        if not self.l2s[first:last].any():
            # Nothing but exact moves applies.
            moves = self.problem.active.move_along(
                local,
                gradient,
                self.l1s[first:last],
                l1_factor,
                np.zeros(len(local)),
                self.problem.positive,
            )
            return [
                (self._full(first + k, w), events, gradient)
                for k, (w, events, gradient) in enumerate(moves)
            ]
        found = []
        self.steps.begin()
        for k in range(first, last):
            done, events = self.steps.move(
                local, gradient, self.l1s[k] * l1_factor, self.l2s[k] * l2_factor
            )
            found.append((self._full(k, local), events, gradient.copy()))
            if not done:
                break
        return found

    def _follow(self, w, first, last):
        """Return the same, all of it by one kernel."""
        problem, block = self.problem, slice(first, last)
        found = problem.active.path(
            problem.q,
            w.copy(),
            self.l1s[block],
            self.l2s[block],
            (problem.l1_factor, problem.l2_factor),
            problem.positive,
            self.max_iter,
            self.solutions[block],
        )
        return [(self.solutions[first + k], int(n), None) for k, n in enumerate(found)]

    def _descend(self, w, first, last):
        """Return the same by sweeps over sparse columns."""
        problem, columns = self.problem, self.working.columns
        panel = self.working.sparse_panel
        l1_factor, l2_factor = problem.l1_factor[columns], problem.l2_factor[columns]
        before, here = (None if w is None else w[columns] for w in (self.before, w))
        found = []
        for k in range(first, last):
            local = here.copy()
            length = self.l1s[k - 2] - self.l1s[k - 1] if k > 1 else 0.0
            if before is not None and length > 0.0:
                # Where the last two solutions point, as far as signs stay.
                step = (self.l1s[k - 1] - self.l1s[k]) / length
                ahead = here + step * (here - before)
                np.copyto(local, ahead, where=(ahead * here > 0.0) & (before != 0.0))
            sweeps, _ = problem.descend_residual(
                local,
                panel.residual(problem.b, local),
                (self.l1s[k] * l1_factor, self.l2s[k] * l2_factor),
                _INNER * problem.goal(self.tol),
                self.max_iter,
            )
            before, here = here, local
            found.append((self._full(k, local), sweeps, None))
        return found

    def _full(self, k, local):
        """Return solution k from its values on the working set."""
        full = self.solutions[k]
        full[self.working.columns] = local
        return full

    def _certify(self, found, first):
        """Return the solutions up to the first whose gap is too large, and that one.

        It is given by its coefficients and correlations; None if there is none.
        """
        problem = self.problem
        block = slice(first, first + len(found))
        l1s, l2s = self.l1s[block], self.l2s[block]
        out = None if self.correlations is None else self.correlations[block]
        found_w, _, gradients = zip(*found, strict=True)
        known = None if gradients[-1] is None else gradients
        gaps, correlations = self.certifier.certify(found_w, l1s, l2s, out, known)
        # A gap that is not a number is too large as well.
        short = np.flatnonzero(~(gaps <= problem.goal(self.tol)))
        held = short[0] if len(short) else len(found)
        for k in short:
            slope = correlations[k] - l2s[k] * problem.l2_factor * found[k][0]
            if not problem.positive:
                slope = np.abs(slope)
            self.working.add(np.flatnonzero(slope > l1s[k] * problem.l1_factor))
        accepted = [
            Solution(found[k][0], gaps[k], found[k][1], correlations[k])
            for k in range(held)
        ]
        refused = None
        if held < len(found):
            refused = found[held][0], correlations[held]
        return accepted, refused
