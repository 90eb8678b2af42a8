"""Problems for the tests of logistic models, and their objective from its formula."""

import numpy as np
from scipy.special import logsumexp


def make_problem(n_classes=2, n=90, p=6, seed=0):
    """Return (X, y) with overlapping classes and columns of different means."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + rng.standard_normal(p)
    X[rng.random((n, p)) < 0.3] = 0.0
    truth = rng.standard_normal((n_classes, p))
    y = np.argmax(X @ truth.T + rng.gumbel(size=(n, n_classes)), axis=1)
    return X, y


def log_loss_sum(X, y, coef, intercept, weight=None, offset=None):
    """Weighted sum of the log loss of coefficients in the shape of `coef_`."""
    raw = np.asarray(X @ coef.T) + intercept
    raw = raw if offset is None else raw + np.reshape(offset, (len(y), -1))
    if raw.shape[1] == 1:
        raw = np.column_stack([np.zeros(len(y)), raw[:, 0]])
    losses = logsumexp(raw, axis=1) - raw[np.arange(len(y)), y]
    return losses.sum() if weight is None else weight @ losses


def penalty(coef, C, l1_ratio, l1=1.0, l2=1.0):
    """Penalty with factors of single features."""
    parts = l1_ratio * l1 * np.abs(coef) + 0.5 * (1.0 - l1_ratio) * l2 * coef**2
    return parts.sum() / C


def objective(model, X, y, C, l1_ratio, weight=None):
    """What a fitted model minimises."""
    loss = log_loss_sum(X, y, model.coef_, model.intercept_, weight)
    return loss + penalty(model.coef_, C, l1_ratio)
