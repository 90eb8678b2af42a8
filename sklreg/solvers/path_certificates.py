"""Duality gaps of a block of solutions, with one product with the whole of X.

The correlations of all columns with a residual cost one reading of X. Here they are
computed for the last residual of a block only; for the others they are known well
enough without:

- on the working set exactly, through its Gram matrix;
- outside, because a residual r lies close to a combination of two residuals whose
  correlations are known, those at the ends: with ``r = t r_0 + (1 - t) r_1 + d``,
  ``|A_j^T r| <= |t A_j^T r_0 + (1 - t) A_j^T r_1| + ||A_j|| ||d||``.

Where that bound is below the level of a column, the column does not limit the dual
point, and the duality gap is the same as from a product with X. The few columns where
it is not are read for all the residuals of the block.
"""

from dataclasses import dataclass

import numpy as np

from sklreg.solvers._coordinate_descent_kernels import duality_gap

#: Rounding a correlation found through the Gram matrix may have, next to its level.
_ROUNDING = 1e-7
#: Beyond this part of the columns all of them are read.
_FEW = 0.25
_EPS = np.finfo(np.float64).eps


@dataclass
class _End:
    """Coefficients whose residual has been multiplied with the whole of X."""

    w: np.ndarray
    residual: np.ndarray
    correlation: np.ndarray


class BlockCertifier:
    """Certificates for blocks of solutions whose support is in the working set.

    Parameters
    ----------
    problem : LeastSquaresProblem
        The problem, with its working set.
    """

    def __init__(self, problem):
        self.problem = problem
        self.norms = None
        self.end = None

    def start(self, w, correlation=None):
        """Take w for the solution before the next block; return its correlations."""
        problem = self.problem
        residual = problem.residual(w)
        if correlation is None:
            null = residual is problem.b
            correlation = problem.q if null else problem.design.correlate(residual)
        self.end = _End(w, residual, correlation)
        return correlation

    def certify(self, W, l1, l2):
        """Return ``(gaps, correlations)`` of the solutions of a block.

        Parameters
        ----------
        W, l1, l2 : ndarray of shape (n_features, n_solutions)
            Coefficients, zero outside the working set, and their penalties. The
            solutions follow the one certified last.

        Returns
        -------
        gaps : ndarray of shape (n_solutions,)
        correlations : ndarray of shape (n_features, n_solutions)
            Outside the working set possibly an estimate, where that is below the
            level in any case.
        """
        problem, before = self.problem, self.end
        self.start(W[:, -1])
        found = self._without_x(W, l1, before)
        if found is None:
            residuals = self._residuals(W)
            correlations = problem.design.correlate(residuals)
            squares = np.einsum("ij,ij->j", residuals, residuals)
            found = correlations, squares, problem.b @ residuals
        correlations, squares, with_target = found
        gaps = [
            duality_gap(
                np.ascontiguousarray(W[:, k]),
                np.ascontiguousarray(correlations[:, k]),
                np.ascontiguousarray(l1[:, k]),
                np.ascontiguousarray(l2[:, k]),
                float(squares[k]),
                float(with_target[k]),
                problem.positive,
            )[0]
            for k in range(W.shape[1])
        ]
        return np.array(gaps), correlations

    def _residuals(self, W):
        working = self.problem.working
        if len(working) < len(W):
            product = working.panel @ W[working.columns]
        else:
            product = np.stack([self.problem.design.apply(w) for w in W.T], axis=1)
        return self.problem.b[:, None] - product

    def _without_x(self, W, l1, before):
        """Return correlations, r^T r and r^T b by way of the Gram matrix, or None."""
        problem, after = self.problem, self.end
        working = problem.working
        columns, m = working.columns, len(working)
        if self.norms is None:
            self.norms = np.sqrt(problem.design.all_squares())
        norms = self.norms
        rounding = _EPS * (np.abs(W[columns]).max(axis=1) @ norms[columns])
        if rounding * norms.max() > _ROUNDING * l1[columns].min():
            return None
        # Residuals differ from the last one by A u, u being zero off the set.
        apart = np.column_stack([W, before.w])[columns]
        U = apart[:, [-2]] - apart
        products = working.gram[:m, :m] @ U
        V, length = U[:, -1], U[:, -1] @ products[:, -1]
        U, GU, GV = U[:, :-1], products[:, :-1], products[:, -1]
        t = (V @ GU) / length if length > 0.0 else np.zeros(len(l1[0]))
        whole = np.einsum("ij,ij->j", U, GU)
        distance = np.maximum(whole - t * (V @ GU), 0.0) + _EPS * problem.null_square
        distance[-1] = 0.0
        slope = np.multiply.outer(before.correlation - after.correlation, t)
        slope += after.correlation[:, None]
        bound = np.multiply.outer(norms, np.sqrt(distance))
        bound += slope if problem.positive else np.abs(slope)
        unsure = np.any(bound[:, :-1] > l1[:, :-1], axis=1)
        unsure[columns] = False
        unsure = np.flatnonzero(unsure)
        if len(unsure) > _FEW * len(norms):
            return None
        if len(unsure):
            part = np.empty((len(problem.b), len(unsure)), order="F")
            problem.design.fill_panel(unsure, part)
            slope[unsure] = part.T @ self._residuals(W)
        slope[columns] = after.correlation[columns, None] + GU
        square = float(after.residual @ after.residual)
        squares = square + 2.0 * (after.correlation[columns] @ U) + whole
        with_target = float(after.residual @ problem.b) + problem.q[columns] @ U
        return slope, squares, with_target
