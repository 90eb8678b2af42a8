"""Ridge regression under many weightings of the same rows, in closed form."""

import numpy as np
from scipy import linalg

from sklreg.solvers.ridge_certificate import ridge_gap
from sklreg.solvers.weightings import WeightedFit


def ridge_weightings(data, weights, alpha):
    """Solve ridge regression under each weighting of the rows, in closed form.

    For every weighting and target minimises
    ``sum_i s_i (y_i - x_i w - b)^2 + alpha sum_j d_j^2 w_j^2`` with the weights s as
    they are, and d the weighted standard deviations where ``data`` has variances, else
    ones.

    Parameters
    ----------
    data : Weightings
        Rows and targets.
    weights : iterable of ndarray of shape (n_samples,)
        Non-negative weights with positive sums.
    alpha : ndarray of shape (n_targets,)
        Positive penalties.

    Returns
    -------
    list of WeightedFit
    """
    n_samples, n_features = data.X.shape
    wide = n_features > n_samples and not data.variances
    panel = data.panel(np.arange(n_features))
    kernel = _centred_kernel(panel) if wide else None
    found = []
    for chunk in data.chunks(weights):
        numbers = range(len(chunk))
        if wide:
            coefs = data.each(
                lambda b, chunk=chunk: _wide_ridge(chunk, kernel, panel, b, alpha),
                numbers,
            )
        else:
            coefs = data.each(
                lambda b, chunk=chunk: _tall_ridge(chunk, panel, b, alpha), numbers
            )
        coefs = np.stack(coefs, axis=2)
        gaps = _ridge_gaps(chunk, panel, coefs, alpha)
        found += [
            WeightedFit(
                coefs[:, :, b],
                chunk.mean(b),
                chunk.column_variance(b),
                chunk.offset(b),
                gaps[:, b],
                np.inf,
                1,
            )
            for b in numbers
        ]
    return found


def _tall_ridge(chunk, panel, b, alpha):
    """Coefficients from the Gram matrix of the features."""
    gram, products = chunk.moments(panel, b)
    diagonal = np.einsum("jj->j", gram)
    scale = chunk.scale(b) ** 2 / chunk.total[b]
    own = diagonal.copy()
    coef = np.empty_like(products)
    for level in np.unique(alpha):
        targets = np.flatnonzero(alpha == level)
        diagonal[:] = own + level * scale
        coef[:, targets] = linalg.solve(
            gram, products[:, targets], assume_a="pos", check_finite=False
        )
    return coef


def _centred_kernel(panel):
    """``C C^T`` for the panel C: products of all pairs of rows."""
    n_rows = panel.data.shape[0]
    kernel = np.empty((n_rows, n_rows))
    every = panel.rows(slice(None))
    np.dot(every, every.T, out=kernel)
    return kernel


def _wide_ridge(chunk, kernel, panel, b, alpha):
    """Coefficients from the products of pairs of rows, shared by all weightings."""
    share = chunk.share[:, b]
    rows = np.flatnonzero(share)
    s = share[rows]
    K = kernel[np.ix_(rows, rows)]
    Y = chunk.data.Y[rows] - chunk.lift[:, b]
    if chunk.data.center:
        level = K @ s
        K += s @ level - level[:, None] - level
    root = np.sqrt(s)
    K *= root[:, None] * root
    diagonal = np.einsum("ii->i", K)
    own = diagonal.copy()
    dual = np.empty_like(Y)
    for level in np.unique(alpha):
        targets = np.flatnonzero(alpha == level)
        diagonal[:] = own + level / chunk.total[b]
        dual[:, targets] = linalg.solve(
            K, root[:, None] * Y[:, targets], assume_a="pos", check_finite=False
        )
    dual *= root[:, None]
    full = np.zeros((len(share), dual.shape[1]))
    full[rows] = dual
    coef = chunk.data.transpose_times(full)
    if chunk.data.center:
        coef -= np.outer(chunk.shift[:, b], dual.sum(axis=0))
    return coef


def _ridge_gaps(chunk, panel, coefs, alpha):
    """Duality gaps, shape (n_targets, n_weightings), from the true residuals."""
    gaps = np.empty((len(alpha), len(chunk)))
    scale = np.stack([chunk.scale(b) for b in range(len(chunk))], axis=1)
    for k, penalty in enumerate(alpha):
        W = np.ascontiguousarray(coefs[:, k])
        residuals = chunk.residuals(panel, W, k)
        pulled = chunk.total * chunk.correlations(residuals)
        level = np.einsum("ib,ib->b", chunk.share, residuals) * chunk.data.center
        gaps[k] = ridge_gap(
            W * scale,
            np.full(len(chunk), penalty),
            pulled / scale,
            level,
            chunk.total,
            False,
        )
    return gaps
