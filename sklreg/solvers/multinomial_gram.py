"""The Gram matrix of entries of a multinomial model's coefficients."""

import numpy as np


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
    K, m = problem.n_classes, len(classes)
    free = np.arange(K - 1 if problem.fit_intercept else 0)
    used, inverse = np.unique(features, return_inverse=True)
    # Columns as they are: a centred panel would move the intercepts' meaning.
    X = problem.design.X[:, used]
    X = X.toarray() if problem.design.sparse else X
    X = np.asarray(X, dtype=np.float64, order="F")
    origin = X.mean(axis=0) if problem.fit_intercept else np.zeros(len(used))
    X = X - origin
    rows, blocks = [], []
    for k in range(K):
        chosen = np.flatnonzero(classes == k)
        columns = X[:, inverse[chosen]]
        if k in free:
            columns = np.column_stack([columns, np.ones(len(X))])
            chosen = np.append(chosen, m + k)
        rows.append(chosen)
        blocks.append(columns)
    G = np.empty((m + len(free), m + len(free)))
    # One product for each class: BLAS wakes its threads for every one.
    for k in range(K):
        scaled = []
        for c in range(k + 1):
            d = P[:, k] * (float(k == c) - P[:, c])
            d = problem.weight * (d + damping if k == c else d)
            scaled.append(d[:, None] * blocks[c])
        block = blocks[k].T @ np.concatenate(scaled, axis=1)
        others = np.concatenate(rows[: k + 1])
        G[np.ix_(rows[k], others)] = block
        G[np.ix_(others, rows[k])] = block.T
    return G, free, origin[inverse]
