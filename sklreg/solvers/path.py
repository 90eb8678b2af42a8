"""Solutions along a path of penalties, certified several at a time.

With a dense design the parametric active set solves a block of penalties on the
working set; :mod:`sklreg.solvers.path_certificates` then tells the duality gap of each,
with few products with the whole of X. Where a column outside the set turns out to
matter, it is added and the penalties from there on are solved again. Otherwise each
penalty is a problem of its own, started from the solution before.
"""

import numpy as np

from sklreg.solvers.coordinate_descent import Solution
from sklreg.solvers.path_certificates import BlockCertifier

_FIRST_BLOCK = 4
_LARGEST_BLOCK = 8
# New columns a block may ask for, beside half the support.
_NEW_COLUMNS = 64
# With up to this many features, and as many samples, the working set is all of them.
_WHOLE = 512
_LARGEST_WHOLE_BLOCK = 32


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
    if len(alphas) > 1 and l1s.all() and problem.exact_path():
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
        self.ones = np.ones(n_features)
        self.whole = n_features <= min(n_samples, _WHOLE)
        if self.whole:
            if self.working.whole_gram is None:
                self.working.whole_gram = design.gram()
            self.working.add(np.arange(n_features))
        self.certifier = BlockCertifier(problem)

    def run(self, w):
        problem = self.problem
        n_features = problem.design.shape[1]
        w = np.zeros(n_features) if w is None else np.array(w, dtype=np.float64)
        if problem.positive:
            np.maximum(w, 0.0, out=w)
        correlation = self.certifier.start(w)
        first, n_alphas = 0, len(self.l1s)
        largest = _LARGEST_WHOLE_BLOCK if self.whole else _LARGEST_BLOCK
        block = largest if self.whole else _FIRST_BLOCK
        behind = None
        while first < n_alphas:
            last = min(first + block, n_alphas)
            if not self.whole:
                self._propose(w, correlation, first, last, behind)
            found = self._solve_block(w, correlation, first, last)
            accepted = self._certify(found, first)
            if not accepted:
                # Not even the first penalty of the block held: solve it by itself.
                start, events = found[0]
                solution = problem.solve(
                    self.l1s[first],
                    self.l2s[first],
                    start,
                    tol=self.tol,
                    max_iter=self.max_iter,
                )
                solution.n_iter += events
                self.certifier.start(solution.w, solution.correlation)
                accepted = [solution]
            yield from accepted
            behind = first - 1, correlation
            w, correlation = accepted[-1].w, accepted[-1].correlation
            whole_block = len(accepted) == last - first
            first += len(accepted)
            block = min(2 * block, largest) if whole_block else len(accepted) + 1

    def _propose(self, w, correlation, first, last, behind):
        """Add the columns that the block ahead is likely to need."""
        support = np.flatnonzero(w)
        self.working.add(support)
        ahead = correlation - self.l2s[first] * w
        end = self.l1s[last - 1]
        if behind is None or behind[0] < 0:
            level = max(self.l1s[first], np.abs(ahead).max())
            expected = None
        else:
            # Correlations are piecewise linear in the penalty.
            before, there = behind
            level = self.l1s[first - 1]
            length = (level - end) / (self.l1s[before] - level)
            expected = correlation + length * (correlation - there)
        limit = _NEW_COLUMNS + len(support) // 2
        self.working.propose(ahead, expected, level, end, limit)

    def _solve_block(self, w, correlation, first, last):
        """Return ``(w, events)`` for each penalty, optimal on the working set."""
        columns = self.working.columns
        local = w[columns]
        gradient = correlation[columns]
        found = []
        for k in range(first, last):
            ones = self.ones[columns]
            done, events = self.problem.active.move(
                local,
                gradient,
                self.l1s[k] * ones,
                self.l2s[k] * ones,
                self.problem.positive,
            )
            full = np.zeros(len(w))
            full[columns] = local
            found.append((full, events))
            if not done:
                break
        return found

    def _certify(self, found, first):
        """Return the solutions up to the first whose gap is too large."""
        W = np.stack([w for w, _ in found], axis=1)
        block = slice(first, first + len(found))
        l1 = np.multiply.outer(self.ones, self.l1s[block])
        l2 = np.multiply.outer(self.ones, self.l2s[block])
        gaps, correlations = self.certifier.certify(W, l1, l2)
        # A gap that is not a number is too large as well.
        short = np.flatnonzero(~(gaps <= self.problem.goal(self.tol)))
        held = short[0] if len(short) else len(found)
        if len(short):
            slope = correlations[:, short] - l2[:, short] * W[:, short]
            if not self.problem.positive:
                slope = np.abs(slope)
            self.working.add(np.flatnonzero(np.any(slope > l1[:, short], axis=1)))
        return [
            Solution(w, gap, events, np.ascontiguousarray(correlations[:, k]))
            for k, ((w, events), gap) in enumerate(zip(found[:held], gaps, strict=False))
        ]
