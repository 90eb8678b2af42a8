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

    def _gram(self, support):
        working, design = self.problem.working, self.problem.design
        if working.whole_gram is not None:
            return working.whole_gram[np.ix_(support, support)]
        if design.sparse:
            return design.cross_gram(support, support)
        panel = np.empty((design.shape[0], len(support)), order="F")
        design.fill_panel(support, panel)
        return panel.T @ panel

    def _solve(self, support):
        problem = self.problem
        out = np.zeros(problem.design.shape[1])
        if not len(support):
            return out
        gram = self._gram(support)
        scale = np.sqrt(np.diagonal(gram))
        scale[scale == 0.0] = 1.0
        values, vectors = linalg.eigh(gram / scale[:, None] / scale)
        kept = values > _RANK * values[-1]
        values, vectors = values[kept], vectors[:, kept]
        lower, upper = self.lower[support], self.upper[support]

        def solved(q):
            return vectors @ ((vectors.T @ (q / scale)) / values) / scale

        own = solved(problem.q[support])
        out[support] = own
        # One correction with the true residual: Gram matrices square the condition.
        residual = problem.b - problem.design.apply(out)
        own = own + solved(problem.design.correlate(residual)[support])
        if np.any(own < lower) or np.any(own > upper):
            root = np.sqrt(values)
            own = lsq_linear(
                (root[:, None] * vectors.T) * scale,
                (vectors.T @ (problem.q[support] / scale)) / root,
                bounds=(lower, upper),
                method="bvls",
                tol=1e-14,
            ).x
        out[support] = own
        return out
