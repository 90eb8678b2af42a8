"""Duality gaps of a block of solutions from moments alone: no reading of X.

With ``G = A^T A``, ``q = A^T b`` and ``b^T b`` the correlations of a residual
``r = b - A w`` are ``q - G w``, and ``r^T b`` and ``r^T r`` follow from them. They are
differences: rounding in them may be as large as rounding of what is subtracted, so
that a bound on it is added to each gap. Where that bound is not small beside the gap
that is asked for, the residuals themselves are computed.
"""

import numpy as np

from sklreg._views import read_only
from sklreg.solvers._coordinate_descent_kernels import duality_gaps
from sklreg.solvers._narrow_kernels import subtract_combinations
from sklreg.solvers.block_certificates import BlockCertifier, End

# Rounding may take up this part of the gap that is asked for.
_SHARE = 0.1
_EPS = np.finfo(np.float64).eps


class GramCertifier(BlockCertifier):
    """Certificates from the Gram matrix of all the features.

    Parameters
    ----------
    problem : LeastSquaresProblem
        The problem; its working set has a whole Gram matrix in double precision.
    goal : float
        Gap that the solutions are to reach.
    """

    def __init__(self, problem, goal):
        super().__init__(problem)
        self.goal = goal
        self.cancels = False
        self.G = read_only(np.ascontiguousarray(problem.working.whole_gram))
        self.lengths = np.sqrt(np.maximum(self.G.diagonal(), 0.0))
        # The worst of a sum of products in any order, once more for its use here.
        self.unit = 2.0 * sum(problem.design.shape) * _EPS

    def look(self, level, w, correlation=None):
        """Find the correlations of w from the Gram matrix, and return them."""
        if self.cancels:
            return super().look(level, w, correlation)
        if correlation is None:
            correlation = self._correlations(w[None])[0]
        self.before, self.end = self.end, End(level, w, None, correlation)
        return correlation

    def certify(self, solutions, l1s, l2s, out=None, gradients=None):
        """Return ``(gaps, correlations)`` of the solutions of a block.

        As :meth:`BlockCertifier.certify` does, with the correlations of all columns.
        """
        found = None if self.cancels else self._from_moments(solutions, l1s, l2s)
        if found is None:
            # Penalties only fall from here, so that it stays this way.
            self.cancels = True
            return super().certify(solutions, l1s, l2s, out, gradients)
        gaps, correlations = found
        self.look(l1s[-1], solutions[-1], correlations[-1])
        return gaps, correlations

    def _correlations(self, W):
        """Return ``q - G w`` for each row w of W."""
        used = np.flatnonzero(W.any(axis=0))
        C = np.tile(self.problem.q, (len(W), 1))
        subtract_combinations(self.G, used, np.ascontiguousarray(W[:, used]), C)
        return C

    def _from_moments(self, solutions, l1s, l2s):
        """Return the gaps with their rounding and the correlations, or None."""
        problem = self.problem
        W = np.stack(solutions)
        C = self._correlations(W)
        with_target = problem.target_square - W @ problem.q
        squares = with_target - np.einsum("ij,ij->i", W, C)
        # What is subtracted is no longer than this.
        size = np.sqrt(problem.target_square) + np.abs(W) @ self.lengths
        # Were the correlations larger by their rounding, the dual point would have to
        # be shorter by this part.
        shorter = size / l1s * float(np.max(self.lengths / problem.l1_factor))
        shorter *= self.unit
        rounding = self.unit * size**2 + shorter * problem.target_square
        if not np.all(rounding <= _SHARE * self.goal):
            return None
        gaps = np.empty(len(solutions))
        duality_gaps(
            W,
            C,
            l1s,
            l2s,
            problem.l1_factor,
            problem.l2_factor,
            np.maximum(squares, 0.0),
            with_target,
            problem.positive,
            gaps,
        )
        return gaps + rounding, list(C)
