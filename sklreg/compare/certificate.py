"""Duality gaps from the data and the coefficients alone, for anybody's solution.

Both libraries are measured with this one function, which asks neither of them.
"""

import numpy as np


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
