"""How far above the optimum of logistic regression a peer's answer is.

The objective gap: the objective at the peer's coefficients and intercepts, worked out
here in float64, less a lower bound of the optimum, over the log loss of the model with
intercepts only. The bound is the dual value of one tight solution: by weak duality it
holds whoever found that solution, and its own gap tells how sharp it is.

With ``alpha`` the strength of the penalty beside the mean log loss, as in glmnet and
skglm, scikit-learn's ``C`` is ``1 / (n_samples * alpha)``.
"""

import functools
import warnings

import numpy as np
from scipy import sparse
from scipy.special import logsumexp, softmax, xlogy


def alpha_max(X, y, l1_ratio=1.0, fit_intercept=True):
    """Smallest alpha at which every coefficient is zero; of the L1 part if any."""
    shares = _one_hot(y)
    centre = shares.mean(axis=0) if fit_intercept else 1.0 / shares.shape[1]
    slope = np.abs(np.asarray(X.T @ (shares - centre))).max()
    return slope / len(y) / (l1_ratio or 1.0)


def objective(X, y, coefs, intercepts, alpha, l1_ratio):
    """Mean log loss and penalty of coefficients (n_features, 1 or n_classes)."""
    loss = _losses(_raw(X, coefs, intercepts), y).mean()
    ridge = 0.5 * (1.0 - l1_ratio) * np.sum(coefs**2)
    return loss + alpha * (l1_ratio * np.abs(coefs).sum() + ridge)


def null_loss(y, fit_intercept=True):
    """Mean log loss of the model with intercepts only."""
    shares = _one_hot(y).mean(axis=0)
    return -np.sum(xlogy(shares, shares)) if fit_intercept else np.log(len(shares))


def dual_value(X, y, coefs, intercepts, alpha, l1_ratio, fit_intercept=True):
    """A lower bound of the optimum, from the residuals at a solution.

    The dual point is ``T = Y - P``, with columns that sum to zero if there are
    intercepts; scaled down to the level of the L1 penalty where that stands alone.
    """
    Y = _one_hot(y)
    raw = _raw(X, coefs, intercepts)
    P = softmax(raw, axis=1)
    T = Y - P
    if fit_intercept:
        hessian = np.diag(P.sum(axis=0)) - P.T @ P
        step = np.linalg.lstsq(hessian, T.sum(axis=0), rcond=1e-13)[0]
        T -= P * (step - (P @ step)[:, None])
    slope = np.asarray(X.T @ T) / len(y)
    # For two classes the columns mirror each other, and one has the coefficients.
    slope = slope[:, 1:] if coefs.shape[1] == 1 else slope
    l1, l2 = alpha * l1_ratio, alpha * (1.0 - l1_ratio)
    conjugate = 0.0
    if l2 > 0.0:
        conjugate = np.sum(np.maximum(np.abs(slope) - l1, 0.0) ** 2) / (2.0 * l2)
    else:
        T *= min(1.0, l1 / max(np.abs(slope).max(), 1e-300))
    Q = Y - T
    if Q.min() < -1e-14:
        return -np.inf
    return -np.sum(xlogy(np.maximum(Q, 0.0), np.maximum(Q, 0.0))) / len(y) - conjugate


# What a lower bound may lack, over the null model's loss, before it is spoken of.
_SHARP = 1e-8


@functools.lru_cache(maxsize=32)
def _lower_bound(problem, alpha, l1_ratio, fit_intercept):
    from sklreg.linear_model import LogisticRegression

    X, y = problem.X, problem.y
    model = LogisticRegression(
        C=1.0 / (len(y) * alpha),
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        tol=1e-6,
        max_iter=10_000,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    solution = model.coef_.T, model.intercept_, alpha, l1_ratio
    bound = dual_value(X, y, *solution, fit_intercept)
    lacking = (objective(X, y, *solution) - bound) / null_loss(y, fit_intercept)
    if not lacking <= _SHARP:
        warnings.warn(
            f"The reference for {problem.name} at alpha={alpha:.3g} has a gap of "
            f"{lacking:.1e} itself; the gaps measured by it may be too large by that.",
            RuntimeWarning,
            stacklevel=3,
        )
    return bound


def relative_gap(problem, coefs, intercepts, alpha, l1_ratio, fit_intercept=True):
    """Objective gap of an answer over the null model's loss."""
    coefs = coefs.toarray() if sparse.issparse(coefs) else np.asarray(coefs)
    value = objective(problem.X, problem.y, coefs, intercepts, alpha, l1_ratio)
    bound = _lower_bound(problem, float(alpha), float(l1_ratio), fit_intercept)
    return (value - bound) / null_loss(problem.y, fit_intercept)


def _raw(X, coefs, intercepts):
    raw = np.asarray(X @ coefs) + np.asarray(intercepts)
    if raw.shape[1] == 1:
        raw = np.column_stack([np.zeros(len(raw)), raw[:, 0]])
    return raw


def _losses(raw, y):
    codes = np.unique(y, return_inverse=True)[1]
    return logsumexp(raw, axis=1) - raw[np.arange(len(y)), codes]


def _one_hot(y):
    classes, codes = np.unique(y, return_inverse=True)
    return np.eye(len(classes))[codes]
