"""Block coordinate descent for the L2,1 penalty, on a Gram matrix."""

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def block_gram_descent(G, gradient, W, l1, l2, order, max_sweeps, tol):
    """Sweep over the rows of W until no row moves by more than ``tol``.

    Minimises ``1/2 ||B - A W||^2 + l1 sum_j ||W_j|| + l2 / 2 ||W||^2`` with
    ``gradient = A^T (B - A W)`` kept up to date. A move is measured by what it
    changes in ``A W``. Returns the number of sweeps.
    """
    m, n_tasks = W.shape
    new = np.empty(n_tasks)
    sweeps = 0
    while sweeps < max_sweeps:
        row = sweeps % max(1, order.shape[0])
        moved = 0.0
        for a in range(m):
            j = order[row, a] % m if order.shape[0] else a
            curvature = G[j, j] + l2
            if curvature == 0.0:
                continue
            norm = 0.0
            for t in range(n_tasks):
                new[t] = gradient[j, t] + G[j, j] * W[j, t]
                norm += new[t] * new[t]
            norm = np.sqrt(norm)
            shrink = (1.0 - l1 / norm) / curvature if norm > l1 else 0.0
            size = 0.0
            for t in range(n_tasks):
                new[t] = shrink * new[t] - W[j, t]
                size += new[t] * new[t]
            if size > 0.0:
                for t in range(n_tasks):
                    W[j, t] += new[t]
                for k in range(m):
                    for t in range(n_tasks):
                        gradient[k, t] -= G[j, k] * new[t]
                moved = max(moved, np.sqrt(size * G[j, j]))
        sweeps += 1
        if moved <= tol:
            break
    return sweeps
