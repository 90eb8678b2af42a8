"""How far from optimal a peer's answer is, worked out here and in float64 only.

Every function takes the raw design, the peer's coefficients *and intercept*, and
returns the duality gap divided by the loss of the empty model: 0 is exact, and a
peer with its own idea of convergence cannot talk itself into a better figure.
"""

import numpy as np
from scipy import sparse

BLOCK = 16  # penalties a pass over X certifies at once


def alpha_max(X, y, l1_ratio=1.0):
    """Smallest alpha at which every coefficient of the elastic net is zero."""
    return np.abs(_centred_correlation(X, (y - y.mean())[:, None])).max() / (
        len(y) * l1_ratio
    )


def relative_gaps(X, y, coefs, intercepts, alphas, l1_ratio=1.0):
    """Relative duality gap of the elastic net at each alpha.

    The problem ``1/(2n)·‖y - Xw - b‖² + alpha·(l1_ratio·‖w‖₁ + (1 - l1_ratio)/2·‖w‖²)``
    is the lasso of a design with the rows ``sqrt(n·alpha·(1 - l1_ratio))·I`` below X;
    the dual point is its centred residual, shrunk until it is feasible.

    Parameters
    ----------
    coefs : array or CSC matrix of shape (n_features, n_alphas)
    intercepts, alphas : array of shape (n_alphas,)
    """
    gaps = [
        _block_gaps(
            X,
            y,
            _dense(coefs[:, start : start + BLOCK]),
            intercepts[start : start + BLOCK],
            alphas[start : start + BLOCK],
            l1_ratio,
        )
        for start in range(0, len(alphas), BLOCK)
    ]
    return np.concatenate(gaps) / null_loss(y)


def _block_gaps(X, y, W, intercepts, alphas, l1_ratio):
    n = len(y)
    l1, l2 = alphas * l1_ratio, alphas * (1.0 - l1_ratio)
    residual = y[:, None] - X @ W - intercepts
    squares = (W**2).sum(axis=0)
    primal = (
        (residual**2).sum(axis=0) / (2 * n)
        + l1 * np.abs(W).sum(axis=0)
        + l2 / 2 * squares
    )
    residual -= residual.mean(axis=0)  # a dual point sums to zero
    norm = (residual**2).sum(axis=0) / n + l2 * squares
    correlation = np.abs(_centred_correlation(X, residual) / n - l2 * W).max(axis=0)
    projection = (y - y.mean()) @ residual / n
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = np.where(correlation > 0, l1 / correlation, np.inf)
        scale = np.where(norm > 0, projection / norm, 0.0)
    scale = np.clip(scale, -limit, limit)
    return primal - (scale * projection - scale**2 * norm / 2)


def ridge_gap(X, y, coef, intercept, alpha):
    """Relative duality gap of ``‖y - Xw - b‖² + alpha·‖w‖²`` at the point given."""
    residual = y - X @ coef - intercept
    drift = len(y) * residual.mean() ** 2  # what a wrong intercept costs
    residual = residual - residual.mean()
    stationarity = alpha * coef - _centred_correlation(X, residual[:, None])[:, 0]
    gap = drift + stationarity @ stationarity / alpha
    return gap / (2 * len(y) * null_loss(y))


def null_loss(y):
    return ((y - y.mean()) ** 2).mean() / 2


def _centred_correlation(X, residual):
    """``(X - mean)ᵀ residual``, with the columns of `residual` summing to zero."""
    return np.asarray(X.T @ residual)


def _dense(block):
    return block.toarray() if sparse.issparse(block) else np.asarray(block)
