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
from sklreg.solvers import _multinomial_kernels as multinomial
from sklreg.solvers.quadratic import solve_semidefinite


class _Dual:
    def __init__(self, problem):
        self.problem = problem
        self._free = None
        self._columns = None

    def _find_free(self, l1, l2):
        problem = self.problem
        unbounded = np.isinf(problem.upper) | np.isinf(problem.lower)
        return np.flatnonzero((l1 == 0.0) & (l2 == 0.0) & unbounded)

    def _unpenalised(self, free):
        """Return the unpenalised columns, with that of the intercept, as an array."""
        if self._free is None or not np.array_equal(free, self._free):
            X = self.problem.design.X
            columns = X[:, free]
            columns = columns.toarray() if self.problem.design.sparse else columns
            columns = columns.astype(np.float64)
            if self.problem.fit_intercept:
                self._origin = columns.mean(axis=0)
                columns = np.column_stack(
                    [np.ones(len(columns)), columns - self._origin]
                )
            self._free, self._columns = free, columns
        return self._columns


class BinaryDual(_Dual):
    """Dual points of one :class:`~sklreg.solvers.logistic.LogisticProblem`.

    Parameters
    ----------
    problem : LogisticProblem
        The problem.
    """

    def project(self, state, l1, l2):
        """Make theta orthogonal to all that is not penalised, along the curvature.

        Returns ``(theta, change)``, the latter the Newton step of the coefficients
        that are not penalised, of shape (n_features,), or None where there are none.
        """
        problem = self.problem
        free = self._find_free(l1, l2)
        theta, curvature = state.theta, state.curvature
        total = curvature.sum()
        if not len(free):
            if problem.fit_intercept and total > 0.0:
                theta = theta - (theta.sum() / total) * curvature
            return theta, None
        columns = self._unpenalised(free)
        weighted = curvature[:, None] * columns
        c = solve_semidefinite(
            columns.T @ weighted, np.zeros(columns.shape[1]), columns.T @ theta
        )
        change = np.zeros(problem.design.shape[1])
        change[free] = c[1:] if problem.fit_intercept else c
        return theta - weighted @ c, change

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


class MultinomialDual(_Dual):
    """Dual points of a :class:`~sklreg.solvers.multinomial.MultinomialProblem`.

    They are ``theta_i = s_i (Y_i - Q_i)`` with Y the indicators of the classes and
    ``Q_i`` a distribution over them, of which h is the entropy.

    Parameters
    ----------
    problem : MultinomialProblem
        The problem.
    """

    def project(self, state, l1, l2):
        """Make theta orthogonal to all that is not penalised, along the curvature.

        Returns ``(theta, change, shift)``, the latter the Newton step of what is not
        penalised, of shapes (n_classes, n_features) and (n_classes,); the change is
        None where no feature moves.
        """
        problem, theta, P = self.problem, state.theta, state.P
        free = self._find_free(l1, l2)
        shift = np.zeros(problem.n_classes)
        if not len(free) and not problem.fit_intercept:
            return theta, None, shift
        columns = self._unpenalised(free)
        # The last class follows from the others: their sums are zero.
        K, m = problem.n_classes - 1, columns.shape[1]
        H = self._hessian(P, columns)
        right = (columns.T @ theta[:, :K]).T.ravel()
        c = solve_semidefinite(H, np.zeros(K * m), right)
        move = np.zeros_like(theta)
        c = c.reshape(K, m)
        move[:, :K] = columns @ c.T
        pull = P * (move - np.sum(P * move, axis=1, keepdims=True))
        theta = theta - problem.weight[:, None] * pull
        if problem.fit_intercept:
            shift[:K] = c[:, 0]
            c = c[:, 1:]
        if not len(free):
            return theta, None, shift
        change = np.zeros_like(state.w)
        change[:K, free] = c
        if problem.fit_intercept:
            shift[:K] -= c @ self._origin
        return theta, change, shift

    def _hessian(self, P, columns):
        """Return the Hessian of the loss over columns, of all classes but the last."""
        problem = self.problem
        K, m = problem.n_classes - 1, columns.shape[1]
        if m == 1 and problem.fit_intercept:
            weighted = problem.weight[:, None] * P[:, :K]
            return np.diag(weighted.sum(axis=0)) - P[:, :K].T @ weighted
        H = np.empty((K, m, K, m))
        for k in range(K):
            for c in range(k + 1):
                d = problem.weight * P[:, k] * (float(k == c) - P[:, c])
                block = columns.T @ (d[:, None] * columns)
                H[k, :, c, :], H[c, :, k, :] = block, block
        return H.reshape(K * m, K * m)

    def value(self, theta, u, w, l1, l2):
        """Return the best dual value among multiples of theta, with ``u = X' theta``.

        ``u`` and ``w`` have shape (n_classes, n_features).
        """
        problem = self.problem
        K = problem.n_classes
        flat = [np.tile(v, K) for v in (l1, l2, problem.lower, problem.upper)]
        u = u.ravel()
        scale = kernels.dual_scale(u, w.ravel(), *flat)
        best = -np.inf
        for c in {1.0, scale}:
            conjugate = kernels.conjugate_value(u, c, *flat)
            if np.isfinite(conjugate):
                loss = multinomial.entropy(
                    theta, c, problem.codes, problem.weight, problem.offset
                )
                best = max(best, loss - conjugate)
        return best
