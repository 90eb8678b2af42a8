"""Weights of the adaptive lasso."""

import numpy as np
from scipy.sparse import issparse

from sklreg.solvers.penalty_terms import column_scales

_GRID = np.geomspace(1e-6, 1e2, 25)


def adaptive_factors(
    X, y, sample_weight, *, exponent, excluded, fit_intercept, standardize
):
    """Return ``1 / |w_j|**exponent`` for a ridge pilot w.

    The pilot's penalty is chosen by leave-one-out cross-validation among 25 from 1e-6
    to 100 times the mean sum of squares of the centred features.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features)
        Data.
    y : ndarray of shape (n_samples,)
        Target.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights.
    exponent : float
        Exponent of the weights.
    excluded : ndarray of bool of shape (n_features,)
        Features that the pilot leaves out; their factors are infinite.
    fit_intercept : bool
        Whether the pilot has an intercept.
    standardize : bool
        Whether w is taken for features of unit standard deviation.

    Returns
    -------
    ndarray of shape (n_features,)
        Infinite where the pilot is zero.
    """
    scales = column_scales(X, sample_weight)
    weight = X.shape[0] if sample_weight is None else sample_weight.sum()
    size = weight * np.mean(scales**2)
    X = X.tocsr() if issparse(X) else X
    from sklreg.linear_model._ridge_cv import RidgeCV  # imports much for few fits

    pilot = RidgeCV(alphas=size * _GRID, fit_intercept=fit_intercept)
    if excluded.any():
        pilot.set_params(exclude=excluded)
    w = np.abs(pilot.fit(X, y, sample_weight).coef_.astype(np.float64))
    if standardize:
        w *= scales
    with np.errstate(divide="ignore", over="ignore"):
        return w**-exponent
