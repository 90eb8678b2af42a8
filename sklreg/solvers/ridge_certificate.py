"""Duality gap of ridge regression, from the residuals at hand.

For one target, ``P(w, b) = Σ sᵢ (yᵢ − xᵢᵀw − b)² + α ‖w‖²``, with ``w ≥ 0`` if the fit
is positive. Its Fenchel dual maximises, over θ with ``Σ sᵢ θᵢ = 0`` when there is an
intercept,

    D(θ) = 2 θᵀS y − θᵀS θ − ‖v‖² / α,      v = Xᵀ S θ   (v₊ if the fit is positive).

At the optimum θ is the residual, so the residual r less its weighted mean r̄ is the
point taken. In ``P − D`` everything large then cancels on paper rather than in
floating point:

    gap = W r̄² + ‖α w − v‖² / α                                     (W = Σ sᵢ)
    gap = W r̄² + Σ_{v>0} (α w − v)²/α + Σ_{v≤0} (α w² − 2 v w)       (positive)

With ``α = 0`` the dual is finite only where ``v = 0``, which no computed residual
meets. There the gap is that of the problem with the constraint ``‖w‖ ≤ 2 ‖ŵ‖`` added:
no coefficients up to twice as long as those returned do better by more than it.
"""

import numpy as np


def ridge_gap(coef, alpha, pulled, residual_mean, total, positive=False):
    """Duality gaps of ridge fits, one per target.

    Parameters
    ----------
    coef : ndarray of shape (n_features, n_targets)
    alpha : ndarray of shape (n_targets,)
    pulled : ndarray of shape (n_features, n_targets)
        ``(X − 1 mᵀ)ᵀ S R`` (``m = 0`` without an intercept).
    residual_mean : ndarray of shape (n_targets,)
        Weighted means of the residuals; zeros without an intercept.
    total : float
        Sum of the observation weights.
    positive : bool, default=False
        Whether the coefficients are constrained to be non-negative.

    Returns
    -------
    ndarray of shape (n_targets,)
        Non-negative gaps, in units of the objective.
    """
    gap = total * residual_mean**2
    free = alpha == 0
    penalised = ~free
    if penalised.any():
        w, v, a = coef[:, penalised], pulled[:, penalised], alpha[penalised]
        terms = (a * w - v) ** 2 / a
        if positive:
            terms = np.where(v > 0, terms, a * w**2 - 2 * v * w)
        gap[penalised] += terms.sum(axis=0)
    if free.any():
        w, v = coef[:, free], pulled[:, free]
        slack = -2 * np.einsum("jk,jk->k", v, w)
        reach = np.linalg.norm(np.maximum(v, 0) if positive else v, axis=0)
        radius = 2 * np.linalg.norm(w, axis=0)
        bound = np.maximum(2 * radius * reach + slack, 0)
        gap[free] += np.where((radius == 0) & (reach > 0), np.inf, bound)
    return gap
