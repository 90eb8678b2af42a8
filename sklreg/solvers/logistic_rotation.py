"""Wide ridge problems turned into square ones.

With an L2 penalty alone the coefficients lie in the span of the rows of X. A pivoted
Cholesky factor L of ``X diag(1 / factor) X'`` has the same products between rows, with
no more columns than X has rows: the problem over L is the same problem.
"""

from dataclasses import replace

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpstrf

from sklreg.solvers.design import make_design

# A factor is made up to this many rows.
_LARGEST = 3000
_COLUMNS = 1 << 13


class Rotation:
    """A factor of the products between rows, and the way there and back.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Data.
    factor : ndarray of shape (n_features,)
        Relative penalties.

    Attributes
    ----------
    design : DenseDesign
        The data in fewer columns, to be penalised equally.
    """

    def __init__(self, X, factor):
        n = len(X)
        self.X, self.factor = X, factor
        product = np.zeros((n, n))
        for start in range(0, X.shape[1], _COLUMNS):
            columns = slice(start, start + _COLUMNS)
            part = X[:, columns].astype(np.float64, copy=False)
            if np.any(factor[columns] != 1.0):
                part = part / np.sqrt(factor[columns])
            product += part @ part.T
        L, order, rank, _ = dpstrf(product, lower=1)
        self.rows = order[:rank] - 1
        L = np.tril(L)[:, :rank]
        self.top = L[:rank]
        full = np.empty((n, rank), order="F")
        full[order - 1] = L
        self.design = make_design(full, None, center=False)

    def forth(self, w):
        """Return the rotated coefficients, shape (..., n_rotated)."""
        raw = self.X[self.rows] @ w.T
        return solve_triangular(self.top, raw, lower=True).T

    def back(self, v):
        """Return coefficients of shape (..., n_features)."""
        a = solve_triangular(self.top, v.T, lower=True, trans=1)
        # Zeros for the other rows cost less than a copy of these.
        full = np.zeros((len(self.X), *a.shape[1:]))
        full[self.rows] = a
        return (self.X.T @ full).T / self.factor


def rotation_for(problem, l1, l2):
    """Return ``(rotation, level)`` where a problem gains from one, else None."""
    design = problem.design
    n_samples, n_features = design.shape
    wide = not design.sparse and n_samples < n_features and n_samples <= _LARGEST
    bounded = np.isfinite(problem.lower).any() or np.isfinite(problem.upper).any()
    if not wide or bounded or l1.any() or not l2.all():
        return None
    level = float(l2.max())
    kept = problem.working.rotation
    if kept is None or not np.array_equal(kept.factor, l2 / level):
        kept = problem.working.rotation = Rotation(design.X, l2 / level)
    return kept, level


def solve_rotated(problem, rotation, level, w, intercept, tol, max_iter):
    """Solve over the rotated data; the gap is still to be certified over X."""
    w = None if w is None else rotation.forth(np.asarray(w, dtype=np.float64))
    small = problem.over(rotation.design)
    found = small.solve(0.0, level, w, intercept, tol=tol, max_iter=max_iter)
    return replace(found, w=rotation.back(found.w))
