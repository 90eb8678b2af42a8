"""Ridge regression under many weightings of the same rows.

Few rows: from the products of all pairs of rows, which the weightings share. Few
columns: from a Gram matrix for each weighting. Many columns and far more rows: the
Gram matrix of all rows is close to that of every weighting, so that conjugate
gradients preconditioned by it (Hestenes and Stiefel 1952) end after a dozen or two
steps, each of which is one pass over X for all the weightings together.
"""

from functools import partial

import numpy as np
from scipy import linalg

from sklreg.solvers.ridge_certificate import ridge_gap
from sklreg.solvers.weightings import WeightedFit

# Conjugate gradients end where the energy of the error is this part of the solution's,
_TOL = 1e-10
# after this many times the steps that were expected at most.
_PATIENCE = 2
# A gap above this part of the target's sum of squares, under next to no penalty, is
# brought down by a Gram matrix of its own.
_CERTIFIED = 1e-9


def ridge_weightings(data, weights, count, alpha):
    """Solve ridge regression under each weighting of the rows.

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
    count : int
        Number of weightings.
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
    pooled = None
    found = []
    for chunk in data.chunks(weights, count):
        numbers = np.arange(len(chunk))
        coefs = np.zeros((n_features, len(alpha), len(chunk)))
        left = np.ones(len(chunk), dtype=bool)
        gaps = None
        n_steps = np.inf if wide else _expected_steps(chunk, n_features)
        if wide:
            coefs = _wide_ridges(chunk, kernel, alpha)
            left[:] = False
        elif _gradients_are_cheaper(chunk, n_features, len(alpha), n_steps):
            pooled = data.gram() / n_samples if pooled is None else pooled
            coefs, left = _tall_ridges(chunk, pooled, panel, alpha, n_steps)
            gaps = _ridge_gaps(chunk, panel, coefs, alpha)
            left |= np.any(gaps > _CERTIFIED * chunk.total * chunk.spread(), axis=0)
        if left.any():
            solved = data.each(partial(_tall_ridge, chunk, panel, alpha), numbers[left])
            coefs[:, :, left] = np.stack(solved, axis=2)
            gaps = None
        if gaps is None:
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


def _tall_ridge(chunk, panel, alpha, b):
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


def _expected_steps(chunk, n_features):
    """Return after how many steps conjugate gradients would end.

    The curvature of a weighting, relative to that of equal weights, has eigenvalues
    within ``1 +- 2 sqrt(v p / n)``, v the variance of the weights over their squared
    mean, as those of a random symmetric matrix (Wigner's semicircle).
    """
    n_samples = len(chunk.share)
    variance = n_samples * np.einsum("ib,ib->b", chunk.share, chunk.share).max() - 1.0
    spread = 2.0 * np.sqrt(max(variance, 0.0) * n_features / n_samples)
    if spread >= 1.0:
        return np.inf
    rate = spread / (1.0 + np.sqrt(1.0 - spread**2))
    return 2 + int(np.log(_TOL) / np.log(max(rate, _TOL)))


def _gradients_are_cheaper(chunk, n_features, n_targets, n_steps):
    """Return whether steps of two products each cost less than Gram matrices."""
    drawn = np.count_nonzero(chunk.share) / len(chunk)
    return 4 * n_steps * n_targets * len(chunk.share) < n_features * drawn


def _tall_ridges(chunk, pooled, panel, alpha, n_steps):
    """Coefficients by conjugate gradients, preconditioned by the Gram of all rows.

    Also returns which weightings are left to be solved otherwise.
    """
    scale = chunk.each_column(chunk.scale) ** 2 / chunk.total
    constant = chunk.each_column(chunk.constant)
    coefs = np.zeros((len(pooled), len(alpha), len(chunk)))
    left = np.zeros(len(chunk), dtype=bool)
    for level in np.unique(alpha):
        ridge = level * scale
        M = pooled.copy()
        np.einsum("jj->j", M)[:] += ridge.mean(axis=1)
        try:
            root = np.linalg.inv(np.linalg.cholesky(M))
        except np.linalg.LinAlgError:  # dependent columns, next to no penalty
            return coefs, ~left
        for k in np.flatnonzero(alpha == level):
            coefs[:, k], done = _conjugate_gradients(
                chunk, panel, k, root, ridge, constant, _PATIENCE * n_steps
            )
            left |= ~done
    return coefs, left


def _conjugate_gradients(chunk, panel, k, root, ridge, constant, max_steps):
    """Return coefficients of one target, and which of the weightings came to an end.

    ``root`` is the inverse of the preconditioner's Cholesky factor, ``ridge`` the
    penalty of each column under each weighting; constant columns are left at zero.
    """

    def conditioned(V, constant):
        return np.where(constant, 0.0, root.T @ (root @ V))

    data = chunk.data
    products = data.transpose_times(data.Y[:, [k]]) / len(data.Y)
    start = root.T @ (root @ products)
    W = np.where(constant, 0.0, start)
    goal = _TOL**2 * (start * products).sum()
    residuals = chunk.residuals(panel, W, k)
    left = chunk.correlations(chunk.share * residuals) - ridge * W
    Z = conditioned(left, constant)
    P = Z
    energy = np.einsum("jb,jb->b", left, Z)
    for _ in range(max_steps):
        on = np.flatnonzero(~(energy <= goal))
        if not len(on):
            break
        on = slice(None) if len(on) == len(energy) else on
        curved = chunk.curvature_times(P[:, on], on) + ridge[:, on] * P[:, on]
        length = energy[on] / np.einsum("jb,jb->b", P[:, on], curved)
        W[:, on] += length * P[:, on]
        left[:, on] -= length * curved
        Z = conditioned(left[:, on], constant[:, on])
        before, energy[on] = energy[on].copy(), np.einsum("jb,jb->b", left[:, on], Z)
        P[:, on] = Z + energy[on] / before * P[:, on]
    return W, energy <= goal


def _centred_kernel(panel):
    """``C C^T`` for the panel C: products of all pairs of rows."""
    n_rows = panel.data.shape[0]
    kernel = np.empty((n_rows, n_rows))
    every = panel.rows(np.arange(n_rows))
    np.dot(every, every.T, out=kernel)
    return kernel


def _wide_ridges(chunk, kernel, alpha):
    """Coefficients from the products of pairs of rows, shared by all weightings."""
    data = chunk.data
    duals = data.each(lambda b: _dual_ridge(chunk, kernel, b, alpha), range(len(chunk)))
    products = data.transpose_times(np.concatenate(duals, axis=1))
    coefs = np.split(products, len(chunk), axis=1)
    if data.center:
        for b, dual in enumerate(duals):
            coefs[b] -= np.outer(chunk.shift[:, b], dual.sum(axis=0))
    return np.stack(coefs, axis=2)


def _dual_ridge(chunk, kernel, b, alpha):
    """Weighted residuals over the penalty: what the coefficients are made of."""
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
    return full


def _ridge_gaps(chunk, panel, coefs, alpha):
    """Duality gaps, shape (n_targets, n_weightings), from the true residuals."""
    gaps = np.empty((len(alpha), len(chunk)))
    scale = chunk.each_column(chunk.scale)
    for k, penalty in enumerate(alpha):
        W = np.ascontiguousarray(coefs[:, k])
        weighted = chunk.share * chunk.residuals(panel, W, k)
        pulled = chunk.total * chunk.correlations(weighted)
        level = weighted.sum(axis=0) * chunk.data.center
        gaps[k] = ridge_gap(
            W * scale,
            np.full(len(chunk), penalty),
            pulled / scale,
            level,
            chunk.total,
            False,
        )
    return gaps
