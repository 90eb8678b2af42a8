"""Coordinate descent within bounds, on a Gram matrix."""

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def box_descent(G, gradient, w, l1, l2, lower, upper, max_sweeps, step_tol):
    """Sweep until no coefficient moves by more than ``step_tol``, in units of b.

    Minimises ``1/2 ||b - A w||^2 + sum_j l1_j |w_j| + l2_j / 2 w_j^2`` over
    ``lower <= w <= upper``. ``gradient``, ``A^T (b - A w)``, is kept up to date.
    Returns the number of sweeps.
    """
    m = w.shape[0]
    sweeps = 0
    while sweeps < max_sweeps:
        moved = 0.0
        for j in range(m):
            curvature = G[j, j] + l2[j]
            if curvature == 0.0:
                continue
            old = w[j]
            z = gradient[j] + G[j, j] * old
            new = 0.0
            if z > l1[j]:
                new = min((z - l1[j]) / curvature, upper[j])
            elif z < -l1[j]:
                new = max((z + l1[j]) / curvature, lower[j])
            if new != old:
                change = new - old
                w[j] = new
                for k in range(m):
                    gradient[k] -= change * G[j, k]
                moved = max(moved, abs(change) * np.sqrt(curvature))
        sweeps += 1
        if moved <= step_tol:
            break
    return sweeps
