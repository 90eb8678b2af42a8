"""Dual points and duality gaps of logistic regression.

The dual of binary logistic regression, over ``theta_i = s_i (2 y_i - 1) a_i``, is

    sum_i s_i h(a_i) - theta_i o_i  -  P*(X' theta),    0 <= a_i <= 1

with h the entropy ``-a log a - (1 - a) log(1 - a)`` and P* the conjugate of penalty and
bounds. What is not penalised, the intercept before all, asks for ``X_U' theta = 0``:
minus the gradient of the loss is projected onto that along the curvature, which is
its own Newton step to first order and keeps every ``a_i`` between 0 and 1 near the
optimum. Then it is scaled down until the L1 levels hold.
"""

import numpy as np

from sklreg.solvers import _logistic_kernels as kernels
from sklreg.solvers.quadratic import solve_semidefinite


class BinaryDual:
    """Dual points of one :class:`~sklreg.solvers.logistic.LogisticProblem`.

    Parameters
    ----------
    problem : LogisticProblem
        The problem.
    """

    def __init__(self, problem):
        self.problem = problem
        self._free = None
        self._columns = None

    def project(self, state, l1, l2):
        """Return theta with ``X_U' theta = 0`` over all that is not penalised."""
        problem = self.problem
        free = np.flatnonzero(
            (l1 == 0.0)
            & (l2 == 0.0)
            & (np.isinf(problem.upper) | np.isinf(problem.lower))
        )
        theta, curvature = state.theta, state.curvature
        total = curvature.sum()
        if not len(free):
            if not problem.fit_intercept or total <= 0.0:
                return theta
            return theta - (theta.sum() / total) * curvature
        columns = self._unpenalised(free)
        weighted = curvature[:, None] * columns
        c = solve_semidefinite(
            columns.T @ weighted, np.zeros(columns.shape[1]), columns.T @ theta
        )
        return theta - weighted @ c

    def _unpenalised(self, free):
        """Return the unpenalised columns, with that of the intercept, as an array."""
        if self._free is None or not np.array_equal(free, self._free):
            X = self.problem.design.X
            columns = X[:, free]
            columns = columns.toarray() if self.problem.design.sparse else columns
            columns = columns.astype(np.float64)
            if self.problem.fit_intercept:
                columns = np.column_stack(
                    [np.ones(len(columns)), columns - columns.mean(axis=0)]
                )
            self._free, self._columns = free, columns
        return self._columns

    def value(self, theta, u, w, l1, l2, lower, upper):
        """Return the best dual value among multiples of theta, with ``u = X' theta``.

        Over a working set, u, w and the penalties are those of its columns.
        """
        problem = self.problem
        scale = kernels.dual_scale(u, w, l1, l2, lower, upper)
        best = -np.inf
        for c in {1.0, scale}:
            conjugate = kernels.conjugate_value(u, c, l1, l2, lower, upper)
            if np.isfinite(conjugate):
                loss = kernels.entropy(
                    theta, c, problem.sign, problem.weight, problem.offset
                )
                best = max(best, loss - conjugate)
        return best
