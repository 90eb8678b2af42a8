"""Duality gaps from the data and the coefficients alone, for anybody's solution.

Both libraries are measured with this one function, which asks neither of them.
"""

import numpy as np
from scipy.special import logsumexp, softmax, xlogy


def relative_duality_gap(X, y, coef, l1, l2):
    r"""Bound how far coefficients are from optimal, relative to the null model.

    The problem is least squares with an unpenalised intercept,

    .. math:: P(w) = \tfrac12 \|y_c - X_c w\|^2 + l_1 \|w\|_1 + \tfrac{l_2}2 \|w\|^2

    with :math:`X_c` and :math:`y_c` centred. By Fenchel duality every
    :math:`\theta` bounds its minimum from below by

    .. math:: D(\theta) = y_c^\top \theta - \tfrac12 \|\theta\|^2
              - \sum_j \frac{(|x_j^\top \theta| - l_1)_+^2}{2 l_2},

    where for :math:`l_2 = 0` the sum stands for the constraint
    :math:`|x_j^\top \theta| \le l_1`. The residual and its best feasible multiple
    are tried for :math:`\theta`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Design matrix.

    y : ndarray of shape (n_samples,)
        Target values.

    coef : ndarray of shape (n_features,)
        Coefficients to certify.

    l1, l2 : float
        Penalties, on the scale of the sum of squares.

    Returns
    -------
    float
        :math:`(P(w) - \max D) / P(0)`; at rounding error for an exact solution.
    """
    y = y - y.mean()
    residual = y - X @ coef
    residual -= residual.mean()
    null = 0.5 * (y @ y)
    primal = (
        0.5 * (residual @ residual) + l1 * np.abs(coef).sum() + 0.5 * l2 * (coef @ coef)
    )
    gradient = np.abs(X.T @ residual)

    square = residual @ residual
    limit = l1 / max(gradient.max(), np.finfo(float).tiny)
    scale = np.clip(y @ residual / square, -limit, limit) if square else 0.0
    dual = scale * (y @ residual) - 0.5 * scale**2 * square
    if l2 > 0:
        excess = np.maximum(gradient - l1, 0.0)
        unscaled = y @ residual - 0.5 * square - 0.5 * (excess @ excess) / l2
        dual = max(dual, unscaled)
    return max(float((primal - dual) / null), 0.0)


def relative_logistic_gap(X, y, coef, intercept, C, l1_ratio):
    r"""Bound how far logistic coefficients are from optimal, as above.

    The dual point is :math:`\Theta = Y - P`, indicators less probabilities, whose
    columns are made to sum to zero along the curvature and, where the L1 penalty
    stands alone, scaled down to its level:

    .. math:: D(\Theta) = \sum_i H(Y_i - \Theta_i)
              - \sum_{jk} \frac{(|x_j^\top \theta_k| - l_1)_+^2}{2 l_2},

    with the entropy H.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Design matrix.

    y : ndarray of int of shape (n_samples,)
        Class of each row, from 0.

    coef, intercept : ndarray of shape (1 or n_classes, n_features), (1 or n_classes,)
        What to certify; one row for two classes.

    C, l1_ratio : float
        Penalty, in scikit-learn's terms.

    Returns
    -------
    float
        The gap over the log loss of the model with intercepts only.
    """
    l1, l2 = l1_ratio / C, (1.0 - l1_ratio) / C
    raw = X @ coef.T + intercept
    if raw.shape[1] == 1:
        raw = np.column_stack([np.zeros(len(y)), raw[:, 0]])
    Y = np.eye(raw.shape[1])[y]
    P = softmax(raw, axis=1)
    shares = Y.mean(axis=0)
    null = -len(y) * xlogy(shares, shares).sum()
    primal = np.sum(logsumexp(raw, axis=1) - raw[np.arange(len(y)), y])
    primal += l1 * np.abs(coef).sum() + 0.5 * l2 * np.sum(coef**2)

    theta = Y - P
    curvature = np.diag(P.sum(axis=0)) - P.T @ P
    step = np.linalg.lstsq(curvature, theta.sum(axis=0), rcond=1e-13)[0]
    theta = theta - P * (step - (P @ step)[:, None])
    # For two classes the columns mirror each other, and one has the coefficients.
    gradient = np.abs(X.T @ theta)[:, -len(coef) :]
    conjugate = 0.0
    if l2 > 0:
        conjugate = np.sum(np.maximum(gradient - l1, 0.0) ** 2) / (2.0 * l2)
    else:
        theta = theta * min(1.0, l1 / max(gradient.max(), np.finfo(float).tiny))
    mixed = np.clip(Y - theta, 0.0, 1.0)
    dual = -xlogy(mixed, mixed).sum() - conjugate
    return max(float((primal - dual) / null), 0.0)
