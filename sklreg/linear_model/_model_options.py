"""What the lasso and the elastic net offer beyond one penalty for all features.

Per-feature penalties, adaptive weights, relaxation and stored paths are read, checked
and carried out here for the single models and for their cross-validated forms.
"""

from numbers import Real

import numpy as np

from sklreg._validation import Interval
from sklreg.linear_model._adaptive import adaptive_factors
from sklreg.linear_model._alpha_grid import alpha_grid, check_grid_possible
from sklreg.linear_model._fitted_path import FittedPath
from sklreg.linear_model._penalty_options import (
    PENALTY_CONSTRAINTS,
    options_of,
    resolve_penalty_options,
)
from sklreg.solvers.path import solve_path
from sklreg.solvers.path_gaps import PathGaps, stacked
from sklreg.solvers.penalised import completed
from sklreg.solvers.penalty_terms import column_scales
from sklreg.solvers.relaxed import Refits

_SHARE = Interval(Real, 0, 1, closed="both")

#: To be merged into the ``_parameter_constraints`` of a single model.
MODEL_CONSTRAINTS = {
    **PENALTY_CONSTRAINTS,
    "adaptive": [Interval(Real, 0, None, closed="neither"), None],
    "relax": ["boolean"],
    "gamma": [_SHARE],
    "store_path": ["boolean", "array-like"],
}


def model_terms(estimator, X, y, sample_weight):
    """Return the :func:`penalty_terms` that an estimator asks for."""
    return penalty_terms(
        X,
        y,
        sample_weight,
        getattr(estimator, "feature_names_in_", None),
        adaptive=estimator.adaptive,
        fit_intercept=estimator.fit_intercept,
        **options_of(estimator),
    )


def penalty_terms(
    X, y, sample_weight, feature_names, *, adaptive, fit_intercept, **options
):
    """Return the terms that options and adaptive weights come to, or None.

    Standard deviations are not in them yet: see :func:`scaled_terms`.

    Raises
    ------
    ValueError
        If an option does not fit X, or if adaptive weights meet several targets.
    """
    terms = resolve_penalty_options(X.shape[1], feature_names, **options)
    if adaptive is None:
        return terms
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        raise ValueError("adaptive weights need a single target; y has several.")
    if terms is None:
        options["penalty_factor"] = np.ones(X.shape[1])
        terms = resolve_penalty_options(X.shape[1], **options)
    return terms.refactored(
        adaptive_factors(
            X,
            np.ravel(y),
            sample_weight,
            exponent=adaptive,
            excluded=terms.excluded,
            fit_intercept=fit_intercept,
            standardize=terms.standardize,
        )
    )


def scaled_terms(terms, X, sample_weight):
    """Return terms that contain the standard deviations they ask for."""
    if terms is None or not terms.standardize:
        return terms
    return terms.scaled(column_scales(X, sample_weight))


class PenalisedPath(FittedPath):
    """Path of a least-squares model, whose gaps between its penalties are known."""

    _certificate = None

    def dual_gap_at(self, alpha):
        """Return the duality gap of the interpolated coefficients.

        It is that of the penalised coefficients; with ``relax=True``, of those
        before they are blended.

        Parameters
        ----------
        alpha : float
            Penalty on the fitted path; see :meth:`coef_at`.

        Returns
        -------
        float
            The objective of ``coef_at(alpha)`` is at most this far above its minimum.

        Raises
        ------
        ValueError
            If the path does not reach as far as `alpha`.
        AttributeError
            If the path was not kept: fit with ``store_path=True``.
        """
        self._need_path("dual_gap_at")
        return self._certificate.gap(*self._place(alpha))

    def predict(self, X, *, alpha=None, offset=None):
        """Predict with the model, or with the one of another penalty on its path.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        alpha : float, default=None
            Penalty on the fitted path, see :meth:`coef_at`; None for the model's own.
        offset : array-like of shape (n_samples,) or (n_samples, n_targets), \
                default=None
            Added to the predictions. Required where the model was fitted with an
            offset; zeros for none.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predicted values.

        Raises
        ------
        ValueError
            If the model was fitted with an offset and `offset` is missing or has the
            wrong shape, or if the path does not reach as far as `alpha`.
        """
        if alpha is None:
            return super().predict(X, offset=offset)
        coef, intercept = self.coef_at(alpha)
        return self._predict(X, coef, intercept, offset)

    def _store_path(self, design, problem, terms, centre, grid, l1_ratio, dtype):
        """Follow the path of a problem over a grid and keep it."""
        solutions = solve_path(
            problem, grid, l1_ratio, tol=self.tol, max_iter=self._max_iter()
        )
        self._certificate = PathGaps.of(problem, grid, l1_ratio, solutions)
        finals = [s.w for s in solutions]
        if self.relax:
            refits = Refits(problem, terms)
            finals = [refits.blends(w, [self.gamma])[0] for w in finals]
        coefs = stacked([completed(problem, w) for w in finals]).T
        b = design.weigh(problem.target)
        null = float(b @ b)
        explained = np.zeros(len(grid))
        if null > 0.0:
            left = [np.sum((b - design.apply(w)) ** 2) for w in coefs.T]
            # Rounding aside no fit is worse than the null model.
            explained = np.maximum(1.0 - np.array(left) / null, 0.0)
        intercepts = np.zeros(len(grid))
        if self.fit_intercept:
            intercepts = design.intercept(centre, coefs)
        gaps = np.array([s.gap for s in solutions])
        self._keep_path(
            grid, coefs.astype(dtype), intercepts.astype(dtype), explained, gaps
        )
        return gaps

    def _max_iter(self):
        return 1000 if self.max_iter is None else self.max_iter


def path_grid(store_path, problem, alpha, l1_ratio):
    """Return the penalties of a stored path, decreasing, `alpha` among them.

    Raises
    ------
    ValueError
        If a given grid is not of finite, non-negative numbers, or if there is none
        to be made for ``l1_ratio=0``.
    """
    if not isinstance(store_path, (bool, np.bool_)):
        grid = np.asarray(store_path, dtype=np.float64).ravel()
        if not len(grid) or not np.isfinite(grid).all() or grid.min() < 0:
            raise ValueError(
                "store_path, given as a grid, must hold finite, non-negative penalties."
            )
        return np.unique(grid)[::-1]
    check_grid_possible(l1_ratio)
    top = problem.alpha_max(l1_ratio)
    eps = 1e-3
    if 0.0 < alpha < eps * top:
        eps = alpha / top
    grid = alpha_grid(top, eps, 100)
    if 0.0 < alpha < grid[0]:
        near = np.argmin(np.abs(np.log(grid / alpha)))
        if np.isclose(grid[near], alpha, rtol=1e-10, atol=0.0):
            grid[near] = alpha
        grid = np.unique(np.append(grid, alpha))[::-1]
    return np.unique(grid)[::-1]
