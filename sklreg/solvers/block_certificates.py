"""Duality gaps of a block of solutions, with one product with the whole of X.

A sparse X is multiplied with all the residuals of a block: an entry costs little more
for eight of them than for one. So is a dense X beside which a Gram matrix of the
working set would be large. Otherwise the correlations of all columns, which cost one
reading of X, are computed for the last residual of a block only; for the others they
are known well enough without:

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
#: Beyond this part of a dense X all of it is read.
_FEW = 0.25
_EPS = np.finfo(np.float64).eps


@dataclass
class End:
    """Coefficients whose residual has been multiplied with the whole of X.

    Attributes
    ----------
    level : float
        The L1 penalty they belong to.
    w, residual, correlation : ndarray
        Coefficients, ``b - A w`` and ``A^T (b - A w)``.
    """

    level: float
    w: np.ndarray
    residual: np.ndarray
    correlation: np.ndarray


@dataclass
class _Block:
    """What certificates of a block take: an entry, or a column, for each solution."""

    squares: np.ndarray
    with_target: np.ndarray
    correlations: list


class BlockCertifier:
    """Certificates for blocks of solutions whose support is in the working set.

    Parameters
    ----------
    problem : LeastSquaresProblem
        The problem, with its working set.

    Attributes
    ----------
    end, before : End or None
        Where X was read last, and the time before that.
    """

    def __init__(self, problem):
        self.problem = problem
        self.end = self.before = None

    def look(self, level, w, correlation=None):
        """Read X for the residual of w; return its correlations."""
        problem = self.problem
        residual = problem.residual(w)
        if correlation is None:
            null = residual is problem.b
            correlation = problem.q if null else problem.design.correlate(residual)
        self.before = self.end
        # Solutions that do not hold are written over.
        self.end = End(level, w.copy(), residual, correlation)
        return correlation

    def certify(self, solutions, l1s, l2s, out=None, gradients=None):
        """Return ``(gaps, correlations)`` of the solutions of a block.

        Parameters
        ----------
        solutions : list of ndarray of shape (n_features,)
            Coefficients, zero outside the working set. They follow the end.
        l1s, l2s : ndarray of shape (n_solutions,)
            Their penalties, decreasing, before the factors of the features.
        out : ndarray of shape (n_solutions, n_features) or None
            Where the correlations of a sparse design are written.
        gradients : list of ndarray or None
            The correlations of the working set as the solver has kept them. They are
            believed if the last are what X says.

        Returns
        -------
        gaps : ndarray of shape (n_solutions,)
        correlations : list of ndarray of shape (n_features,)
            Outside the working set possibly an estimate, where that is below the
            level in any case.
        """
        problem, start = self.problem, self.end
        if problem.design.sparse or self._gram_is_larger():
            block = self._with_x(solutions, l1s[-1], out)
        else:
            self.look(l1s[-1], solutions[-1])
            block = self._without_x(solutions, l1s, start, gradients)
            block = block or self._with_x(solutions)
        gaps = np.empty(len(solutions))
        room = problem.certified_level(problem.l1_factor) - problem.l1_factor
        for k, w in enumerate(solutions):
            correlation = block.correlations[k]
            level = l1s[k] * problem.l1_factor + room
            told = self._telling(correlation, level)
            gaps[k], _ = duality_gap(
                w[told],
                correlation[told],
                level[told],
                l2s[k] * problem.l2_factor[told],
                float(block.squares[k]),
                float(block.with_target[k]),
                problem.positive,
            )
        return gaps, block.correlations

    def _telling(self, correlation, level):
        """Return the columns that a gap depends on: the set, and those above a level.

        A coefficient of zero whose correlation stays below its level adds nothing.
        """
        columns = self.problem.working.columns
        if not len(columns) or 4 * len(columns) > len(level) or not level.all():
            return slice(None)
        told = np.abs(correlation) > level
        told[columns] = True
        return np.flatnonzero(told)

    def _gram_is_larger(self):
        """Whether products with a Gram matrix cost more than those with X."""
        working, (n_samples, n_features) = (
            self.problem.working,
            self.problem.design.shape,
        )
        made = working.whole_gram is not None
        return not made and len(working) ** 2 > n_samples * n_features

    def _residuals(self, solutions):
        """Return the residuals, a column each, of Fortran order."""
        problem, working = self.problem, self.problem.working
        if problem.design.sparse or len(working) == len(solutions[0]):
            return np.stack([problem.residual(w) for w in solutions]).T
        W = np.stack([w[working.columns] for w in solutions], axis=1)
        return problem.b[:, None] - working.panel @ W

    def _with_x(self, solutions, level=None, out=None):
        """Return the block from a product with X; the last is the end of a level."""
        residuals = self._residuals(solutions)
        out = () if out is None else (out,)
        products = self.problem.design.correlate(residuals, *out)
        block = _Block(
            np.einsum("ij,ij->j", residuals, residuals),
            self.problem.b @ residuals,
            [np.ascontiguousarray(column) for column in products.T],
        )
        if level is not None:
            self.before = self.end
            last = solutions[-1].copy(), residuals[:, -1], block.correlations[-1].copy()
            self.end = End(level, *last)
        return block

    def _without_x(self, solutions, l1s, start, gradients):
        """Return the block from what is known at its ends, or None if too little."""
        problem, end = self.problem, self.end
        working, design = problem.working, problem.design
        columns = working.columns
        found = self._apart_in_gram(solutions, start, l1s[-1], gradients)
        if found is None:
            return None
        apart, inside = found
        whole, inner, length, squares, with_target = apart
        t = np.clip(inner / length, 0.0, 1.0) if length > 0.0 else np.zeros(len(whole))
        distance = np.maximum(whole - 2.0 * t * inner + t * t * length, 0.0)
        distance = np.sqrt(distance + _EPS * problem.null_square)
        distance[-1] = 0.0
        doubtful = self._doubtful(start, distance.max(), l1s[-1])
        slope = np.multiply.outer((start.correlation - end.correlation)[doubtful], t)
        slope += end.correlation[doubtful, None]
        bound = np.multiply.outer(working.all_norms[doubtful], distance)
        bound += slope if problem.positive else np.abs(slope)
        levels = np.multiply.outer(problem.l1_factor[doubtful], l1s)
        above = (bound > levels)[:, :-1]
        unsure = above.any(axis=1)
        n_unsure = int(np.count_nonzero(unsure))
        if n_unsure > _FEW * design.shape[1]:
            return None
        if n_unsure:
            which = np.flatnonzero(above.any(axis=0))
            read = self._residuals([solutions[k] for k in which])
            read = design.correlate_columns(doubtful[unsure], read)
            slope[np.ix_(unsure, which)] = read
        correlations = []
        for k in range(len(solutions) - 1):
            correlation = end.correlation.copy()
            correlation[doubtful] = slope[:, k]
            correlation[columns] = inside[:, k]
            correlations.append(correlation)
        return _Block(squares, with_target, [*correlations, end.correlation])

    def _doubtful(self, start, distance, level):
        """Return the columns outside that may be above the least level in between."""
        ends = start.correlation, self.end.correlation
        if not self.problem.positive:
            ends = np.abs(ends[0]), np.abs(ends[1])
        bound = np.maximum(*ends) + self.problem.working.all_norms * distance
        doubtful = bound > level * self.problem.l1_factor
        doubtful[self.problem.working.columns] = False
        return np.flatnonzero(doubtful)

    def _apart_in_gram(self, solutions, start, level, gradients):
        """Return how far residuals are apart, and correlations inside; or None."""
        problem, end = self.problem, self.end
        if problem.working.whole_gram is not None and not problem.exact_gram:
            # How many digits a given matrix has is not known.
            return None
        columns, m = problem.working.columns, len(problem.working)
        norms = problem.working.all_norms
        local = np.stack([w[columns] for w in (*solutions, start.w)], axis=1)
        rounding = _EPS * float(np.abs(local).max(axis=1) @ norms[columns])
        room = _ROUNDING * level * problem.l1_factor.min()
        if rounding * norms.max() > room:
            return None
        # Residuals differ from the last one by A u, u being zero off the set.
        U = local[:, [-2]] - local
        last = end.correlation[columns]
        if gradients is not None and np.allclose(
            gradients[-1], last, rtol=0, atol=room
        ):
            GU = np.stack([*gradients, start.correlation[columns]], axis=1)
            GU -= last[:, None]
        else:
            GU = problem.working.gram[:m, :m] @ U
        v, U, Gv, GU = U[:, -1], U[:, :-1], GU[:, -1], GU[:, :-1]
        whole = np.einsum("ij,ij->j", U, GU)
        squares = float(end.residual @ end.residual) + whole
        squares += 2.0 * (last @ U)
        with_target = float(end.residual @ problem.b) + problem.q[columns] @ U
        inside = last[:, None] + GU
        return (whole, v @ GU, float(v @ Gv), squares, with_target), inside
