"""The Gram matrix of entries of a multinomial model's coefficients."""

import numpy as np

from sklreg._views import read_only
from sklreg.solvers import _multinomial_kernels as kernels


def entry_gram(problem, P, damping, classes, features):
    """Return the Hessian of the loss over entries of W and over the intercepts.

    The intercept of the last class is left out, which the others make redundant.

    Parameters
    ----------
    problem : MultinomialProblem
        Gives data and row weights.
    P : ndarray of shape (n_samples, n_classes)
        Probabilities.
    damping : float
        Added to the curvature of every prediction.
    classes, features : ndarray of shape (m,)
        The entries.

    Returns
    -------
    G : ndarray
        Hessian; the intercepts come last.
    free : ndarray
        Classes of these intercepts.
    origin : ndarray of shape (m,)
        What was taken from the column of each entry, against lost digits.
    """
    K = problem.n_classes
    free = np.arange(K - 1 if problem.fit_intercept else 0)
    used, inverse = np.unique(features, return_inverse=True)
    # Columns as they are: a centred panel would move the intercepts' meaning.
    X = problem.design.X[:, used]
    X = X.toarray() if problem.design.sparse else X
    origin = X.mean(axis=0) if problem.fit_intercept else np.zeros(len(used))
    rows = np.ones((len(used) + 1, len(X)))
    np.subtract(X.T, origin[:, None], out=rows[:-1])
    rows = read_only(rows)
    places = np.append(inverse, np.full(len(free), len(used)))
    classes = np.append(classes, free)
    # The blocks between two classes are products of probabilities: one product of
    # matrices gives them all.
    G = _products(
        rows, places, np.sqrt(problem.weight) * np.ascontiguousarray(P.T), classes
    )
    np.negative(G, out=G)
    for k in range(K):
        own = np.flatnonzero(classes == k)
        root = np.sqrt(problem.weight * (P[:, k] * (1.0 - P[:, k]) + damping))
        G[np.ix_(own, own)] = _products(rows, places[own], root[None], 0 * own)
    return G, free, origin[inverse]


def _products(rows, places, weights, classes):
    """Return the products of weighted rows with each other."""
    out = np.empty((len(places), rows.shape[1]))
    kernels.weigh_rows(rows, places, weights, classes, out)
    return out @ out.T
