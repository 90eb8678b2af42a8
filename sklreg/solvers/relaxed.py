"""The relaxed lasso: least squares on each support of a path.

Refitting without penalties on the features that the lasso has chosen takes its
shrinkage back (Meinshausen 2007); a blend of the two coefficients lies between (Hastie,
Tibshirani and Tibshirani 2020).
"""

import numpy as np
from scipy import linalg
from scipy.optimize import lsq_linear

#: Eigenvalues below this part of the largest are rounding.
_RANK = 1e-12


class Refits:
    """Least-squares refits for one problem; each support is solved once.

    Parameters
    ----------
    problem : LeastSquaresProblem
        The problem whose solutions are refitted.
    terms : PenaltyTerms or None
        Whose bounds the refits keep as well.
    """

    def __init__(self, problem, terms=None):
        self.problem = problem
        n_features = problem.design.shape[1]
        unbounded = np.full(n_features, np.inf)
        self.lower = -unbounded if terms is None else terms.lower
        self.upper = unbounded if terms is None else terms.upper
        if problem.positive:
            self.lower = np.maximum(self.lower, 0.0)
        self._known = {}

    def refit(self, w):
        """Return the least-squares coefficients on the support of w.

        Where the columns depend on one another it is the solution of least norm.
        """
        support = np.flatnonzero(w)
        key = support.tobytes()
        if key not in self._known:
            self._known[key] = self._solve(support)
        return self._known[key].copy()

    def blends(self, w, gammas):
        """Return ``gamma * w + (1 - gamma) * refit``, a row for each gamma."""
        gammas = np.asarray(gammas, dtype=np.float64)[:, None]
        if np.all(gammas == 1.0):
            return np.repeat(w[None, :], len(gammas), axis=0)
        return gammas * w + (1.0 - gammas) * self.refit(w)

    def _solve(self, support):
        problem = self.problem
        out = np.zeros(problem.design.shape[1])
        if not len(support):
            return out
        gram, product, correlate = self._columns(support)
        scale = np.sqrt(np.diagonal(gram))
        scale[scale == 0.0] = 1.0
        root, solved = _factored(gram / scale[:, None] / scale)
        q = problem.q[support] / scale
        own = solved(q)
        # One correction with the true residual: Gram matrices square the condition.
        own = own + solved(correlate(problem.b - product(own / scale)) / scale)
        lower, upper = self.lower[support] * scale, self.upper[support] * scale
        if np.any(own < lower) or np.any(own > upper):
            # Least squares in the rows of the factor, which are as few as the columns.
            target = linalg.lstsq(root.T, q)[0]
            own = lsq_linear(
                root, target, bounds=(lower, upper), method="bvls", tol=1e-14
            ).x
        out[support] = own / scale
        return out

    def _columns(self, support):
        """Return the Gram matrix of some columns, and products with them."""
        design, whole = self.problem.design, self.problem.working.whole_gram
        if design.sparse:
            full = np.zeros(design.shape[1])

            def product(own):
                full[support] = own
                return design.apply(full, support)

            gram = design.cross_gram(support, support)
            return gram, product, lambda r: design.correlate(r)[support]
        panel = np.empty((design.shape[0], len(support)), order="F")
        design.fill_panel(support, panel)
        gram = panel.T @ panel if whole is None else whole[np.ix_(support, support)]
        return gram, lambda own: panel @ own, lambda r: panel.T @ r


def _factored(correlations):
    """Return a root of a matrix, ``root.T @ root``, and what solves with it.

    Of a singular matrix the pseudo-inverse is taken.
    """
    try:
        upper = linalg.cholesky(correlations)
        if np.min(np.diagonal(upper)) > np.sqrt(_RANK):
            return upper, lambda q: linalg.cho_solve((upper, False), q)
    except linalg.LinAlgError:
        pass
    values, vectors = linalg.eigh(correlations)
    kept = values > _RANK * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    root = np.sqrt(values)[:, None] * vectors.T
    return root, lambda q: vectors @ ((vectors.T @ q) / values)
