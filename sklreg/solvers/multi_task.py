"""Elastic net with the L2,1 penalty: several targets that share their features."""

import numpy as np

from sklreg.solvers._multi_task_kernels import block_gram_descent
from sklreg.solvers.solution import Selection, Solution
from sklreg.solvers.working_set import WorkingSet

_WHOLE = 128


class MultiTaskProblem:
    """One design and several targets, solved for one penalty after another.

    Minimises ``1/2 ||B - A W||_F^2 + l1 sum_j ||W_j||_2 + l2 / 2 ||W||_F^2``.

    Parameters
    ----------
    design : DenseDesign or SparseDesign
        The data.
    target : ndarray of shape (n_samples, n_tasks)
        Targets, centred by ``design.targets``.
    gram, correlation : ndarray or None
        ``A^T A`` and ``A^T B`` if they are known.
    random_state : RandomState or None
        Draws the rows; None sweeps in cyclic order.
    """

    def __init__(
        self, design, target, *, gram=None, correlation=None, random_state=None
    ):
        self.design = design
        self.B = design.weigh(target)
        self.q = design.correlate(self.B) if correlation is None else correlation
        self.null_square = float(np.vdot(self.B, self.B))
        self.selection = Selection(random_state)
        self.working = WorkingSet(design, gram)

    def alpha_max(self, l1_ratio=1.0):
        """Return the smallest alpha at which every coefficient is zero."""
        return float(np.sqrt(np.max(np.sum(self.q**2, axis=1)))) / l1_ratio

    def in_blocks(self):
        """Whether the path is piecewise linear: never, rows shrink by their norm."""
        return False

    def goal(self, tol):
        """Return the duality gap that a tolerance stands for."""
        return tol * self.null_square

    def solve(self, l1, l2, W=None, *, tol=1e-4, max_iter=1000, correlation=None):
        """Solve for the scalars l1 and l2; see :meth:`LeastSquaresProblem.solve`."""
        n_features, n_tasks = self.q.shape
        W = np.zeros((n_features, n_tasks)) if W is None else np.array(W, dtype=float)
        n_iter = 0
        best = np.inf
        step_tol = 0.1 * np.sqrt(self.goal(tol) + np.finfo(float).tiny)
        while True:
            residual = self.B - self._apply(W)
            correlation = self.design.correlate(residual)
            gap = self._gap(W, residual, correlation, l1, l2)
            stalled = gap >= best and gap <= 1e-13 * self.null_square
            if gap <= self.goal(tol) or n_iter >= max_iter or stalled:
                return Solution(W, gap, n_iter, correlation)
            best = min(best, gap)
            self.working.add(self._candidates(W, correlation, l1, l2))
            columns = self.working.columns
            local = W[columns]
            left = max_iter - n_iter
            n_iter += block_gram_descent(
                self.working.gram,
                correlation[columns],
                local,
                l1,
                l2,
                self.selection.order(len(columns)),
                self.selection.sweeps(left),
                step_tol,
            )
            W[columns] = local
            step_tol *= 0.3

    def _apply(self, W):
        columns = [self.design.apply(np.ascontiguousarray(w)) for w in W.T]
        return np.stack(columns, axis=1)

    def _candidates(self, W, correlation, l1, l2):
        n_features = len(W)
        if n_features <= _WHOLE:
            return np.arange(n_features)
        support = np.flatnonzero(W.any(axis=1))
        excess = np.linalg.norm(correlation - l2 * W, axis=1) - l1
        excess[support] = -np.inf
        excess[self.working.columns] = -np.inf
        violators = np.flatnonzero(excess > 0.0)
        count = max(64, 2 * len(support))
        if len(violators) > count:
            violators = violators[np.argpartition(excess[violators], -count)[-count:]]
        return np.concatenate([support, np.sort(violators)])

    def _gap(self, W, residual, correlation, l1, l2):
        """Return the duality gap, by the same formulas as for a single target."""
        square = float(np.vdot(residual, residual))
        with_target = float(np.vdot(residual, self.B))
        squared_norm = float(np.vdot(W, W))
        primal = 0.5 * square + l1 * np.linalg.norm(W, axis=1).sum()
        primal += 0.5 * l2 * squared_norm
        if l1 == 0.0:
            slack = float(np.vdot(correlation, correlation))
            if l2 == 0.0:
                return slack
            return primal - with_target + 0.5 * square + slack / (2.0 * l2)
        top = np.linalg.norm(correlation - l2 * W, axis=1).max(initial=0.0)
        scale = min(1.0, l1 / top) if top > 0.0 else 1.0
        dual = scale * with_target - 0.5 * scale**2 * (square + l2 * squared_norm)
        return primal - dual
