"""Truncated Newton steps by preconditioned conjugate gradients.

For penalties that are smooth, over so many coefficients that no Hessian is written
down: a product with it is two products with X. The Newton system is solved only as
far as the gradient warrants (Dembo and Steihaug 1983).
"""

import numpy as np

_LIMIT = 250
_LOOSEST = 0.1
_SPARE = 0.005
_LAST = 0.3
# Up to this many entries products are not bound by memory.
_CACHED = 1 << 18


def newton_direction(
    X, gradient, drift, hessian, l2, squares, base, intercept, goal, single=None
):
    """Solve ``H (change, shift) = (gradient, drift)``, truncated.

    Parameters
    ----------
    X : ndarray or sparse of shape (n_samples, n_features)
        Data.
    gradient : ndarray of shape (n_features, n_classes)
        Minus the gradient of the objective in the coefficients.
    drift : ndarray of shape (n_classes,)
        Minus the gradient in the intercepts.
    hessian : callable
        Maps a step in raw predictions, (n_samples, n_classes), to the curvature of
        the loss times that step.
    l2 : ndarray of shape (n_features,)
        L2 penalties.
    squares : ndarray of shape (n_features,)
        Squared norms of the columns of X.
    base : ndarray of shape (n_classes,)
        Sum over samples of each class's own curvature.
    intercept : bool
        Whether there are intercepts.
    goal : float
        Duality gap beyond which no work is worth while.
    single : ndarray of shape (n_samples, n_features) or None
        X in single precision, for products within the conjugate gradients: their
        errors cost at most another Newton step.

    Returns
    -------
    change : ndarray of shape (n_features, n_classes)
    shift : ndarray of shape (n_classes,)
    step : ndarray of shape (n_samples, n_classes)
        ``X change + shift``.
    """
    n_samples = X.shape[0]
    scale = np.multiply.outer(squares / n_samples, base) + l2[:, None]
    scale[scale <= 0.0] = 1.0
    level = np.where(base > 0.0, base, 1.0)
    change, shift = np.zeros_like(gradient), np.zeros_like(drift)
    inner = X if single is None else single
    residual, rest = gradient.copy(), drift.copy()

    def precondition():
        return residual / scale, (rest / level if intercept else np.zeros_like(rest))

    z, z0 = precondition()
    p, p0 = z.copy(), z0.copy()
    size = float(np.sum(residual * z) + rest @ z0)
    first = size
    target = min(_LOOSEST**2, np.sqrt(max(size, 0.0))) * first
    penalised = bool(l2.all())
    if not penalised:
        target = max(target, _SPARE * goal)
    for _ in range(_LIMIT):
        moved = _product(inner, p) + p0
        pull = hessian(moved)
        Hp = _product(inner.T, pull)
        Hp += l2[:, None] * p
        H0 = pull.sum(axis=0)
        curvature = float(np.sum(p * Hp) + p0 @ H0)
        if not curvature > 0.0:
            break
        length = size / curvature
        change += length * p
        shift += length * p0
        residual -= length * Hp
        rest -= length * H0
        z, z0 = precondition()
        before, size = size, float(np.sum(residual * z) + (rest @ z0))
        if size <= target:
            break
        # What the residual alone leaves of the gap, were the model the objective.
        if penalised and np.sum(residual**2 / l2[:, None]) <= 2.0 * _LAST * goal:
            break
        p *= size / before
        p += z
        p0 = z0 + size / before * p0
    return change, shift, _product(X, change) + shift


def _product(X, V):
    """Return ``X V`` in double precision, taken in that of X."""
    return np.asarray(X @ V.astype(X.dtype, copy=False), dtype=np.float64)


def in_single_precision(X):
    """Return dense X in single precision, or None where products gain nothing."""
    if hasattr(X, "indptr") or X.dtype == np.float32 or X.size < _CACHED:
        return None
    return X.astype(np.float32, order="K")


def column_squares(X):
    """Return the squared norms of the columns of X, dense or sparse."""
    if hasattr(X, "indptr"):
        squares = X.copy()
        squares.data = X.data.astype(np.float64) ** 2
        return np.asarray(squares.sum(axis=0)).ravel()
    return np.einsum("ij,ij->j", X, X, dtype=np.float64)
