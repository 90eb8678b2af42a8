"""Ridge regression whose penalty differs from feature to feature.

For every target the objective is ``Σ sᵢ (yᵢ − xᵢᵀw − b)² + α Σ fⱼ wⱼ²``. With F the
diagonal of the factors and A, B the design and targets, orthogonal to the unpenalised
columns, it is plain ridge in ``F^½ w`` with the columns ``A F^-½``; one
eigendecomposition of the smaller side serves every α.
"""

import numpy as np
from scipy import linalg

from sklreg.solvers.design import make_design
from sklreg.solvers.partial_design import PartialDesign
from sklreg.solvers.penalised import completed, penalised_problem
from sklreg.solvers.penalty_terms import column_scales
from sklreg.solvers.ridge import RidgeFit
from sklreg.solvers.ridge_folds import FoldFit

_BLOCK_BYTES = 1 << 23
#: Eigenvalues below this part of the largest are rounding.
_RANK = 1e-14
_MAX_ITER = 10_000


class WeightedRidge:
    """Ridge fits of (X, Y) with penalty terms.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features)
    Y : ndarray of shape (n_samples, n_targets)
    terms : PenaltyTerms
        What each feature pays; only ``l2`` matters.
    weights : ndarray of shape (n_samples,), optional
    fit_intercept : bool, default=True
    alphas : array-like of shape (n_alphas,), optional
        Penalties of :meth:`residuals`.
    """

    def __init__(self, X, Y, terms, *, weights=None, fit_intercept=True, alphas=()):
        self.alphas = alphas
        if terms.standardize:
            terms = terms.scaled(column_scales(X, weights))
        self.terms = terms
        self.total = float(X.shape[0] if weights is None else weights.sum())
        self.base = make_design(X, weights, fit_intercept)
        self.targets, self.centre = self.base.targets(Y)
        self._form = None

    @property
    def form(self):
        """The decomposition, made when first asked for."""
        if self._form is None:
            self._form = _Form(self.base, self.targets, self.terms)
        return self._form

    def coefficients(self, alpha):
        """Return coefficients (n_targets, n_features) for an alpha of each target."""
        W = [self.form.solve(k, a / self.total) for k, a in enumerate(alpha)]
        return np.array(W)

    def fit(self, alpha, *, tol=1e-4, max_iter=None):
        """Return the :class:`~sklreg.solvers.ridge.RidgeFit` for alpha (n_targets,)."""
        terms, n_targets = self.terms, self.targets.shape[1]
        null = np.sum(self.base.weigh(self.targets) ** 2, axis=0)
        closed = not (terms.bounded or terms.positive)
        if closed:
            coef = self.coefficients(alpha)
            gap = [
                self.form.gap(k, w, alpha[k] / self.total) for k, w in enumerate(coef)
            ]
            n_iter, solver = np.ones(n_targets, dtype=int), "cholesky"
        else:
            coef, gap, n_iter = [], [], []
            for k in range(n_targets):
                solution, w = self._descend(k, alpha[k] / self.total, tol, max_iter)
                coef.append(w)
                gap.append(solution.gap)
                n_iter.append(solution.n_iter)
            coef, n_iter, solver = (
                np.array(coef),
                np.array(n_iter),
                "coordinate_descent",
            )
        gap = np.array(gap)
        converged = closed or bool(np.all(gap <= tol * null))
        intercept = np.zeros(n_targets)
        if self.base.center:
            intercept = self.centre - coef @ self.base.mean
        # The objective of ridge is twice that of the solvers, for a sum of rows.
        scale = 2.0 * self.total
        return RidgeFit(
            coef, intercept, n_iter, solver, scale * gap, self.total * null, converged
        )

    def _descend(self, k, l2, tol, max_iter):
        target = np.ascontiguousarray(self.targets[:, k])
        problem = penalised_problem(self.base, target, self.terms)
        solution = problem.solve(0.0, l2, tol=tol, max_iter=max_iter or _MAX_ITER)
        return solution, completed(problem, solution.w)

    def residuals(self):
        """Yield all rows, and :meth:`left_out_errors` for ``alphas``."""
        yield slice(None), self.left_out_errors(self.alphas)

    def refit(self, alpha):
        """Return the fit on all rows; `alpha` has one entry per target."""
        return self.fit(alpha)

    def left_out_errors(self, alphas):
        """Return leave-one-out errors of shape (n_samples, n_targets, n_alphas).

        Leaving out row i divides its residual by ``1 - h_i``, h being the diagonal of
        the hat matrix. A row of weight zero is in no fit.
        """
        form, base = self.form, self.base
        n_samples = base.shape[0]
        root = np.broadcast_to(np.asarray(base.root), (n_samples,))
        fixed = np.einsum("ij,ij->i", form.partial.Q, form.partial.Q)
        if base.center:
            fixed = fixed + root**2
        errors = np.empty((n_samples, self.targets.shape[1], len(alphas)))
        for k, alpha in enumerate(alphas):
            l2 = alpha / self.total
            W = np.array([form.solve(t, l2) for t in range(self.targets.shape[1])])
            free = 1.0 - fixed - form.leverage(l2)
            for t, w in enumerate(W):
                product = base.raw_product(np.arange(len(w)), w) - base.mean @ w
                errors[:, t, k] = (self.targets[:, t] - product) / np.where(
                    root > 0.0, free, 1.0
                )
        return errors


class _Form:
    """Plain ridge in the scaled coefficients of the penalised features."""

    def __init__(self, base, targets, terms):
        self.base, self.targets = base, targets
        self.partial = PartialDesign(base, terms.unpenalised, terms.excluded)
        self.kept = np.flatnonzero(~self.partial.hidden)
        self.root = np.sqrt(terms.l2[self.kept])
        self.B = self.partial.weigh(targets)
        self.tall = len(self.kept) <= base.shape[0]
        if self.tall:
            gram = self.partial.gram()[np.ix_(self.kept, self.kept)]
            matrix = gram / self.root[:, None] / self.root
        else:
            matrix = np.zeros((base.shape[0], base.shape[0]))
            for _, panel in self._panels():
                matrix += panel @ panel.T
        values, self.vectors = linalg.eigh(matrix)
        self.values = np.maximum(values, 0.0)
        self._rotated = None

    def _panels(self):
        """Yield blocks of scaled columns, with their places among the kept."""
        n_samples = self.base.shape[0]
        step = max(1, _BLOCK_BYTES // (8 * n_samples))
        for start in range(0, len(self.kept), step):
            places = np.arange(start, min(start + step, len(self.kept)))
            panel = np.empty((n_samples, len(places)), order="F")
            self.partial.fill_panel(self.kept[places], panel)
            panel /= self.root[places]
            yield places, panel

    def _shrink(self, l2):
        values = self.values + l2
        floor = _RANK * max(float(values[-1]), 0.0) if len(values) else 0.0
        usable = values > floor
        return np.where(usable, 1.0 / np.where(usable, values, 1.0), 0.0)

    def _inverse(self, v, shrink):
        return self.vectors @ (shrink * (self.vectors.T @ v))

    def solve(self, k, l2):
        """Return the coefficients of target k, of all the features."""
        shrink = self._shrink(l2)
        b = self.B[:, k]
        w = np.zeros(self.base.shape[1])
        if self.tall:
            q = self.partial.correlate(b)[self.kept] / self.root
            scaled = self._inverse(q, shrink)
            w[self.kept] = scaled / self.root
            # One correction with the true residual: Gram matrices cancel.
            residual = b - self.partial.apply(w)
            slope = self.partial.correlate(residual)[self.kept] / self.root
            scaled = scaled + self._inverse(slope - l2 * scaled, shrink)
            w[self.kept] = scaled / self.root
        else:
            dual = self._inverse(b, shrink)
            dual = dual + self._inverse(
                b - l2 * dual - self._kernel_times(dual), shrink
            )
            w[self.kept] = self.partial.correlate(dual)[self.kept] / self.root**2
        return self.partial.complete(w, np.ascontiguousarray(self.targets[:, k]))

    def _kernel_times(self, dual):
        w = np.zeros(self.base.shape[1])
        w[self.kept] = self.partial.correlate(dual)[self.kept] / self.root**2
        return self.partial.apply(w)

    def gap(self, k, w, l2):
        """Return the duality gap, for half the mean of squares."""
        w = np.where(self.partial.hidden, 0.0, w)
        residual = self.B[:, k] - self.partial.apply(w)
        slope = self.partial.correlate(residual)[self.kept]
        penalty = l2 * self.root**2
        if l2 == 0.0:
            return float(slope @ slope)
        return 0.5 * float(np.sum((slope - penalty * w[self.kept]) ** 2 / penalty))

    def leverage(self, l2):
        """Return the diagonal of the hat matrix, beyond what is not penalised."""
        shrink = self._shrink(l2)
        if not self.tall:
            return (self.vectors**2) @ (self.values * shrink)
        if self._rotated is None:
            self._rotated = np.zeros((self.base.shape[0], len(self.kept)))
            for places, panel in self._panels():
                self._rotated += panel @ self.vectors[places]
        return (self._rotated**2) @ shrink


def cross_validate_weighted_ridge(
    X, Y, alphas, splits, terms, *, weights=None, fit_intercept=True
):
    """Yield a :class:`~sklreg.solvers.ridge_folds.FoldFit` for every split.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features)
    Y : ndarray of shape (n_samples, n_targets)
    alphas : ndarray of shape (n_alphas,)
    splits : iterable of (train, test)
    terms : PenaltyTerms
        Standard deviations are those of the training rows.
    weights : ndarray of shape (n_samples,), optional
    fit_intercept : bool, default=True
    """
    n_samples, n_targets = Y.shape
    rows = X.tocsr() if hasattr(X, "tocsr") else X
    ones = np.ones(n_samples) if weights is None else weights
    for train, test in splits:
        counts = ones * np.bincount(train, minlength=n_samples)
        if not counts.any():
            raise ValueError(
                "sample_weight leaves a training set of cv without any positive weight."
            )
        model = WeightedRidge(X, Y, terms, weights=counts, fit_intercept=fit_intercept)
        fits = [model.fit(np.full(n_targets, alpha)) for alpha in alphas]
        coef = np.stack([fit.coef.T for fit in fits], axis=2)
        intercept = np.stack([fit.intercept for fit in fits], axis=1)
        predictions = rows[test] @ coef.reshape(len(coef), -1)
        predictions = predictions.reshape(-1, *coef.shape[1:]) + intercept
        yield FoldFit(predictions, lambda c=coef, b=intercept: (c, b))
