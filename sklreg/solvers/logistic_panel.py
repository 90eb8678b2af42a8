"""Quadratic models of more columns than a Gram matrix is worth making of.

Where columns are short, a sweep over all of them costs less than their products with
each other. Sweeps find the support; the Gram matrix of what is on it, or close to it,
gives the exact optimum, which the slopes of the other columns then have to confirm.
"""

import numpy as np

from sklreg.solvers import _logistic_panel_kernels as kernels
from sklreg.solvers.quadratic import minimise_quadratic

# Columns may be this much longer than there are of them.
_LENGTH = 6
_SWEEPS, _FAR_SWEEPS, _LATER_SWEEPS = 200, 20, 3
_ROUNDS = 10
# Columns whose slope has come this close to its level go into the Gram matrix.
_NEAR = 0.97


def prefers_panel(n_samples, l1):
    """Whether columns of that length, under these L1 penalties, are swept over."""
    # The ends of sweeps are told by slopes off their levels.
    return n_samples <= _LENGTH * len(l1) and bool(l1.all())


def minimise_on_panel(rows, norms, slope, w, penalties, aim, slope_aim, far):
    """Minimise a quadratic and a penalty in place from ``w``.

    Parameters
    ----------
    rows : ndarray of shape (m, n), float32
        Columns under the weights of the quadratic, each of length 1 or 0.
    norms : ndarray of shape (m,)
        Lengths that they had: with ``R = norms[:, None] * rows`` the quadratic's
        matrix is ``R @ R.T``.
    slope, w : ndarray of shape (m,)
        Minus the gradient at the start, and the start.
    penalties : tuple of four ndarrays of shape (m,)
        L1 and L2 penalties and a box around zero.
    aim, slope_aim : float
        Ends when a sweep lowers the objective by no more than ``aim`` and finds no
        slope off by more than ``slope_aim`` of its L1 level.
    far : bool
        Whether to end after a few sweeps anyway.
    """
    # In what follows w is that of columns of length 1.
    l1, l2, lower, upper = penalties
    penalties = l1 / norms, l2 / norms**2, lower * norms, upper * norms
    slope, at = slope / norms, w * norms
    start = at.copy()
    squares = rows.any(axis=1).astype(np.float64)
    pull = np.zeros(rows.shape[1], dtype=np.float32)
    chosen = np.zeros(len(w), dtype=bool)
    sweeps = _FAR_SWEEPS if far else _SWEEPS
    for _ in range(_ROUNDS):
        limits = sweeps, aim, slope_aim
        done = kernels.panel_sweeps(rows, squares, pull, slope, at, *penalties, limits)
        if done or far:
            break
        gradient = slope - rows @ pull
        wanted = (at != 0.0) | (np.abs(gradient) >= _NEAR * penalties[0])
        if np.any(wanted & ~chosen):
            chosen = wanted
            places = np.flatnonzero(chosen)
            own = tuple(v[places] for v in penalties)
            part = rows[places]
            G = (part @ part.T).astype(np.float64)
        on = at[places]
        minimise_quadratic(G, gradient[places], on, *own, aim, slope_aim, priced=True)
        at[places] = on
        pull = (at - start).astype(np.float32) @ rows
        sweeps = _LATER_SWEEPS
    # What did not move is not to be rounded.
    np.copyto(w, at / norms, where=at != start)
