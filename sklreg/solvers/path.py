"""Solutions along a path of penalties, certified several at a time.

With a dense design the parametric active set solves a block of penalties on the
working set; then one product with the whole of X gives the duality gap of each. Where
a column outside the set turns out to matter, it is added and the penalties from there
on are solved again. Otherwise each penalty is a problem of its own, started from the
solution before.
"""

import numpy as np

from sklreg.solvers._coordinate_descent_kernels import duality_gap
from sklreg.solvers.coordinate_descent import Solution

_FIRST_BLOCK = 4
_LARGEST_BLOCK = 32
# New columns a block may ask for, beside half the support.
_NEW_COLUMNS = 64
# A whole Gram matrix is made up to this many features.
_WHOLE_GRAM = 4096


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
        self.whole = n_features <= min(n_samples, _WHOLE_GRAM)
        if self.whole and self.working.whole_gram is None:
            self.working.whole_gram = design.gram()

    def run(self, w):
        problem = self.problem
        n_features = problem.design.shape[1]
        w = np.zeros(n_features) if w is None else np.array(w, dtype=np.float64)
        if problem.positive:
            np.maximum(w, 0.0, out=w)
        correlation = problem.q if not w.any() else None
        if correlation is None:
            residual = problem.b - problem.design.apply(w)
            correlation = problem.design.correlate(residual)
        first, n_alphas = 0, len(self.l1s)
        block = _LARGEST_BLOCK if self.whole else _FIRST_BLOCK
        while first < n_alphas:
            last = min(first + block, n_alphas)
            self._propose(w, correlation, first, last)
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
                accepted = [solution]
            yield from accepted
            w, correlation = accepted[-1].w, accepted[-1].correlation
            whole_block = len(accepted) == last - first
            first += len(accepted)
            block = min(2 * block, _LARGEST_BLOCK) if whole_block else len(accepted) + 1

    def _propose(self, w, correlation, first, last):
        """Add the columns that the block ahead is likely to need."""
        n_features, problem = len(w), self.problem
        if self.whole:
            self.working.add(np.arange(n_features))
            return
        factor = problem.l1_factor
        slope = np.abs(correlation - self.l2s[first] * problem.l2_factor * w) / factor
        support = np.flatnonzero(w)
        # The strong rule of Tibshirani et al. (2012), for the end of the block.
        end = self.l1s[last - 1]
        excess = slope - max(2.0 * end - max(self.l1s[first], slope.max()), 0.5 * end)
        excess[support] = -np.inf
        excess[self.working.columns] = -np.inf
        likely = np.flatnonzero(excess >= 0.0)
        count = _NEW_COLUMNS + len(support) // 2
        if len(likely) > count:
            likely = likely[np.argpartition(excess[likely], -count)[-count:]]
        self.working.add(np.concatenate([support, np.sort(likely)]))

    def _solve_block(self, w, correlation, first, last):
        """Return ``(w, events)`` for each penalty, optimal on the working set."""
        columns = self.working.columns
        local = w[columns]
        gradient = correlation[columns]
        l1_factor = self.problem.l1_factor[columns]
        l2_factor = self.problem.l2_factor[columns]
        found = []
        for k in range(first, last):
            done, events = self.problem.active.move(
                local,
                gradient,
                self.l1s[k] * l1_factor,
                self.l2s[k] * l2_factor,
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
        problem, columns = self.problem, self.working.columns
        W = np.stack([w for w, _ in found], axis=1)
        if self.whole:
            product = np.stack([problem.design.apply(w) for w in W.T], axis=1)
        else:
            product = self.working.panel @ W[columns]
        residuals = problem.b[:, None] - product
        correlations = problem.design.correlate(residuals)
        accepted = []
        violators = np.zeros(len(W), dtype=bool)
        for k, (w, events) in enumerate(found):
            correlation = np.ascontiguousarray(correlations[:, k])
            residual = np.ascontiguousarray(residuals[:, k])
            l1 = self.l1s[first + k] * problem.l1_factor
            l2 = self.l2s[first + k] * problem.l2_factor
            gap, _ = duality_gap(
                w,
                correlation,
                problem.certified_level(l1),
                l2,
                float(residual @ residual),
                float(residual @ problem.b),
                problem.positive,
            )
            if len(accepted) == k and gap <= problem.goal(self.tol):
                accepted.append(Solution(w, gap, events, correlation))
            else:
                violators |= np.abs(correlation) > l1
        self.working.add(np.flatnonzero(violators))
        return accepted
