"""What solutions are held against, written from the mathematics, not from the package.

Everything is computed in extended precision over data that are centred explicitly, so
that nothing is shared with the solvers but the definition of the problem:

    sum_i s_i / 2 (y_i - x_i w - b)^2 + l1 ||w||_1 + l2 / 2 ||w||^2,   sum_i s_i = 1.
"""

import numpy as np
from scipy import sparse

EXTENDED = np.longdouble


def _extended(X):
    return (X.toarray() if sparse.issparse(X) else np.asarray(X)).astype(EXTENDED)


def _weights(sample_weight, n_samples):
    weight = np.ones(n_samples) if sample_weight is None else sample_weight
    weight = np.asarray(weight, dtype=EXTENDED)
    return weight / weight.sum()


def _centred(X, y, s, fit_intercept):
    """Return X, y and the means that were taken out of them."""
    X, y = _extended(X), _extended(y)
    if not fit_intercept:
        return X, y, np.zeros(X.shape[1], EXTENDED), np.zeros(y.shape[1:], EXTENDED)
    X_mean, y_mean = s @ X, s @ y
    return X - X_mean, y - y_mean, X_mean, y_mean


def objective(X, y, coef, intercept=0.0, *, alpha, l1_ratio=1.0, sample_weight=None):
    """Value of the elastic net's objective."""
    s = _weights(sample_weight, X.shape[0])
    w = _extended(coef)
    residual = _extended(y) - _extended(X) @ w - EXTENDED(intercept)
    return (
        s @ residual**2 / 2
        + alpha * l1_ratio * np.abs(w).sum()
        + alpha * (1 - l1_ratio) / 2 * (w @ w)
    )


def null_square(y, *, sample_weight=None, fit_intercept=True):
    """Weighted mean of the squares of y, centred if there is an intercept."""
    s = _weights(sample_weight, len(y))
    _, y, _, _ = _centred(np.zeros((len(y), 1)), y, s, fit_intercept)
    return s @ y**2


def duality_gap(
    X,
    y,
    coef,
    intercept=0.0,
    *,
    alpha,
    l1_ratio=1.0,
    sample_weight=None,
    fit_intercept=True,
    positive=False,
):
    """Primal value minus the value of the Fenchel dual at multiples of the residual.

    The dual is ``sum_i s_i (theta_i y_i - theta_i^2 / 2) - sum_j h(u_j)`` with
    ``u = sum_i s_i theta_i x_i``, where h is the conjugate of the penalty and, with an
    intercept, ``sum_i s_i theta_i = 0``. Without l2, h is 0 up to l1 and infinite
    beyond: the residual is shrunk until it is feasible. With l2, it is finite and
    the residual itself is a second candidate, beside the one that is feasible for the
    lasso to which the elastic net is equivalent. The better one counts.
    """
    s = _weights(sample_weight, X.shape[0])
    X, y, X_mean, y_mean = _centred(X, y, s, fit_intercept)
    w = _extended(coef)
    l1, l2 = EXTENDED(alpha) * l1_ratio, EXTENDED(alpha) * (1 - l1_ratio)
    residual = y + y_mean - (X @ w + X_mean @ w) - EXTENDED(intercept)
    primal = s @ residual**2 / 2 + l1 * np.abs(w).sum() + l2 / 2 * (w @ w)
    theta = residual - s @ residual if fit_intercept else residual

    def size(u):
        return u if positive else np.abs(u)

    u = (s * theta) @ X
    scales = [EXTENDED(1)] if l2 else []
    if l1:
        largest = size(u - l2 * w).max()
        scales.append(l1 / largest if largest > l1 else EXTENDED(1))
    duals = []
    for scale in scales:
        excess = np.maximum(size(scale * u) - l1, 0)
        conjugate = (excess**2).sum() / (2 * l2) if l2 else 0
        duals.append(s @ (scale * theta * y - (scale * theta) ** 2 / 2) - conjugate)
    return float(primal - max(duals))


def solution(
    X,
    y,
    *,
    alpha,
    l1_ratio=1.0,
    sample_weight=None,
    fit_intercept=True,
    positive=False,
    max_sweeps=20_000,
):
    """Return ``(coef, intercept)`` of the elastic net, optimal to extended precision.

    Plain coordinate descent on the Gram matrix, for small problems; the optimality
    conditions are asserted.
    """
    s = _weights(sample_weight, X.shape[0])
    X, y, X_mean, y_mean = _centred(X, y, s, fit_intercept)
    l1, l2 = EXTENDED(alpha) * l1_ratio, EXTENDED(alpha) * (1 - l1_ratio)
    gram, slope = X.T @ (s[:, None] * X), X.T @ (s * y)
    w = np.zeros(X.shape[1], EXTENDED)
    scale = np.sqrt(s @ y**2)
    root = np.sqrt(np.diag(gram))
    used = [j for j in range(len(w)) if root[j] > 1e-15 * np.abs(X_mean[j])]
    for _ in range(max_sweeps):
        moved = 0
        for j in used:
            target = slope[j] + gram[j, j] * w[j]
            size = max((target if positive else abs(target)) - l1, 0)
            new = np.sign(target) * size / (gram[j, j] + l2)
            if new != w[j]:
                moved = max(moved, abs(new - w[j]) * root[j])
                slope -= gram[:, j] * (new - w[j])
                w[j] = new
        if moved <= 1e-15 * scale:
            break
    residual = y - X @ w
    u = (X * s[:, None]).T @ residual - l2 * w
    slack = 1e-12 * (np.maximum(root, 1e-30) * scale + l1)
    assert np.all((u if positive else np.abs(u))[used] <= (l1 + slack)[used])
    assert np.all(np.abs(u - l1 * np.sign(w))[w != 0] <= slack[w != 0])
    return w.astype(np.float64), float(y_mean - X_mean @ w)


def log_loss_objective(
    X, codes, coef, intercept, *, l1, l2, sample_weight=None, offset=0.0
):
    """Sum of weighted log losses plus ``l1 ||W||_1 + l2 / 2 ||W||^2``.

    A one-dimensional coef is that of class 1 of two; else there is a row a class.
    """
    s, raw = _raw_predictions(X, codes, coef, intercept, sample_weight, offset)
    own = raw[np.arange(len(raw)), codes]
    top = raw.max(axis=1)
    loss = np.log(np.exp(raw - top[:, None]).sum(axis=1)) + top - own
    w = _extended(coef)
    return s @ loss + np.sum(l1 * np.abs(w)) + np.sum(l2 * w**2) / 2


def log_loss_gap(
    X,
    codes,
    coef,
    intercept,
    *,
    l1,
    l2,
    sample_weight=None,
    fit_intercept=True,
    offset=0.0,
):
    """Primal value minus the dual value at multiples of the loss's gradient.

    The dual is ``sum_i s_i H(Q_i) - <theta, offset> - P*(theta' X)`` over rows
    ``theta_i = s_i (Y_i - Q_i)``, with ``Q_i`` a distribution of entropy H; with
    intercepts the columns of theta sum to zero. ``l1`` and ``l2`` are numbers or one
    a feature, not both zero for any.
    """
    primal = log_loss_objective(
        X,
        codes,
        coef,
        intercept,
        l1=l1,
        l2=l2,
        sample_weight=sample_weight,
        offset=offset,
    )
    s, raw = _raw_predictions(X, codes, coef, intercept, sample_weight, offset)
    X, w = _extended(X), _extended(coef)
    P = np.exp(raw - raw.max(axis=1)[:, None])
    P /= P.sum(axis=1)[:, None]
    Y = np.eye(raw.shape[1], dtype=EXTENDED)[codes]
    theta = s[:, None] * (Y - P)
    if fit_intercept:
        # One Newton step of the intercepts, the last of them held.
        K = raw.shape[1] - 1
        curvature = np.diag(s @ P) - P.T @ (s[:, None] * P)
        b = np.linalg.solve(
            curvature[:K, :K].astype(float), theta.sum(axis=0)[:K].astype(float)
        )
        for _ in range(3):
            step = np.append(b, 0.0)
            moved = theta - s[:, None] * P * (step - (P @ step)[:, None])
            b += np.linalg.solve(
                curvature[:K, :K].astype(float), moved.sum(axis=0)[:K].astype(float)
            )
        theta = moved
    u = theta.T @ X
    u = u[1] if w.ndim == 1 else u
    level, ridge = np.broadcast_to(l1, u.shape), np.broadcast_to(l2, u.shape)
    level, ridge = level.astype(EXTENDED), ridge.astype(EXTENDED)
    slope = np.abs(u - ridge * w)[level > 0] / level[level > 0]
    scales = [1 / max(slope.max(), EXTENDED(1))] if slope.size else []
    if ridge.all():
        scales.append(EXTENDED(1))
    known = np.zeros_like(raw)
    if np.ndim(offset):
        known[:, 1 if w.ndim == 1 else slice(None)] = offset
    duals = []
    for scale in scales:
        Q = Y - scale * np.divide(
            theta, s[:, None], out=np.zeros_like(theta), where=s[:, None] > 0
        )
        assert Q.min() > -1e-13
        logs = np.log(np.where(Q > 0, Q, 1))
        excess = np.maximum(np.abs(scale * u) - level, 0)
        assert np.all(excess[ridge == 0] <= 1e-15 * level[ridge == 0])
        curved = ridge > 0
        duals.append(
            -s @ np.sum(Q * logs, axis=1)
            - scale * np.sum(theta * known)
            - np.sum(excess[curved] ** 2 / ridge[curved]) / 2
        )
    return float(primal - max(duals))


def _raw_predictions(X, codes, coef, intercept, sample_weight, offset):
    """Return the weights, not normalised, and the raw predictions of all classes."""
    s = np.ones(len(codes)) if sample_weight is None else sample_weight
    raw = _extended(X) @ _extended(coef).T + np.asarray(intercept, EXTENDED) + offset
    if raw.ndim == 1:
        raw = np.column_stack([np.zeros_like(raw), raw])
    return np.asarray(s, dtype=EXTENDED), raw
