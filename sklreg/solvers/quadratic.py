"""Minimisers of a quadratic with an L1 and L2 penalty in a box.

    1/2 w' G w - q' w + sum_j l1_j |w_j| + l2_j / 2 w_j^2,   lower <= w <= upper

Coordinate descent finds the support; an exact step on it, cut at the first change of
sign or bound, ends what sweeps would take long for.
"""

import numpy as np
from scipy.linalg import eigh
from scipy.linalg.lapack import dtrtrs

from sklreg.solvers import _logistic_kernels as kernels

# Sweeps between two exact steps.
_SWEEPS = 10
_ROUNDS = 40
# Cuts that one exact step may meet before sweeps take over again.
_CUTS = 2
# Slopes along flat directions below this part of the L1 penalty are rounding.
_FLAT = 1e-7
# Slopes asked to be closer than this to their levels ask for an exact step.
_TIGHT = 1e-6


def minimise_quadratic(
    G, gradient, w, l1, l2, lower, upper, tol, slope_tol=np.inf, priced=False
):
    """Minimise in place from ``w``; ``gradient`` is ``q - G w`` and is kept so.

    Parameters
    ----------
    G : ndarray of shape (m, m)
        Positive semidefinite matrix, C order.
    gradient, w : ndarray of shape (m,)
        Changed in place.
    l1, l2, lower, upper : ndarray of shape (m,)
        Penalties, and a box around zero.
    tol : float
        The sweeps end when one lowers the objective by no more than this.
    slope_tol : float
        It must also find no slope off by more than this part of its L1 level.
    priced : bool
        Whether slopes may be off by more where that costs the dual value no more than
        ``tol``, for the L2 penalty takes it: not where they are what a caller goes by.

    Returns
    -------
    int
        Number of sweeps.
    """
    if not len(w):
        return 0
    if not l1.any() and np.isinf(lower).all() and np.isinf(upper).all():
        step = solve_semidefinite(G, l2, gradient - l2 * w)
        w += step
        gradient -= G @ step
        return 1
    # Where bounds alone hold a coefficient, slope_tol says nothing about it.
    boxed = bool(np.any((l1 == 0.0) & (np.isfinite(lower) | np.isfinite(upper))))
    sweeps = 0
    for _ in range(_ROUNDS):
        done, settled, moved = kernels.gram_sweeps(
            G, gradient, w, l1, l2, lower, upper, _SWEEPS, tol, slope_tol, priced
        )
        sweeps += done
        if settled and slope_tol >= _TIGHT and not boxed:
            break
        whole = True
        if settled or not moved:
            whole = _exact_step(G, gradient, w, l1, l2, lower, upper)
        if settled and (whole or not boxed):
            break
    return sweeps


def _exact_step(G, gradient, w, l1, l2, lower, upper):
    """Newton steps on the free coefficients, each cut where one meets a kink.

    Returns whether the last was not cut.
    """
    for _ in range(_CUTS):
        free = ((w != 0.0) | (l1 == 0.0)) & (w > lower) & (w < upper)
        free = np.flatnonzero(free)
        if not len(free):
            return True
        at = w[free]
        sign = np.where(at > 0.0, 1.0, -1.0)
        slope = gradient[free] - l1[free] * sign - l2[free] * at
        step = _free_step(G[np.ix_(free, free)], l2[free], slope, l1[free], at)
        to_zero = np.where((l1[free] > 0.0) & (at * (at + step) < 0.0), at, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0.0, upper[free] - at, at - lower[free])
            limits = np.minimum(
                np.where(to_zero != 0.0, np.abs(at / step), np.inf),
                np.where(step != 0.0, room / np.abs(step), np.inf),
            )
        first = int(np.argmin(limits))
        length = min(1.0, float(limits[first]))
        change = length * step
        cut = length < 1.0
        w[free] = at + change
        if cut:
            if to_zero[first] != 0.0 and abs(at[first] / step[first]) <= length:
                end = 0.0
            else:
                end = upper[free[first]] if step[first] > 0.0 else lower[free[first]]
            w[free[first]] = end
            change[first] = end - at[first]
        np.clip(w, lower, upper, out=w)
        full = np.zeros(len(w))
        full[free] = change
        gradient -= G @ full
        if not cut:
            return True
    return False


def _free_step(G, l2, slope, l1, at):
    """Return the step to the minimum for fixed signs, or one that meets a kink.

    Along a direction in which the quadratic is flat the L1 penalty falls in a straight
    line, until a coefficient is zero.
    """
    step, flat = _solve_or_flat(G, l2, slope)
    if flat is None or np.max(np.abs(flat)) <= _FLAT * np.max(l1):
        return step
    # The penalty, which cannot fall below zero, has fallen to it by then.
    return flat * (1.01 * (l1 @ np.abs(at)) / (slope @ flat))


def solve_semidefinite(G, l2, right):
    """Solve ``(G + diag(l2)) x = right``; among dependent columns, the least x."""
    return _solve_or_flat(G, l2, right)[0]


def _solve_or_flat(G, l2, right):
    """Return the solution, and what of the right side lies where the matrix is zero.

    None if it is zero nowhere.
    """
    H = G.copy()
    H.flat[:: len(H) + 1] += l2
    scale = np.sqrt(H.diagonal())
    scale[scale == 0.0] = 1.0
    # NumPy's factorisation, as all products here are NumPy's: the threads of SciPy's
    # own BLAS would wait for those of the other.
    try:
        factor = np.linalg.cholesky(H)
    except np.linalg.LinAlgError:
        factor = None
    # The factor's diagonal over the scale is that of the scaled matrix's factor.
    if factor is not None and np.min(factor.diagonal() / scale) > 1e-6:
        half = dtrtrs(factor.T, right, lower=0, trans=1)[0]
        return dtrtrs(factor.T, half, lower=0)[0], None
    H = (G + np.diag(l2)) / np.multiply.outer(scale, scale)
    values, vectors = eigh(H, check_finite=False)
    kept = values > 1e-12 * values[-1]
    turned = vectors.T @ (right / scale)
    lost = vectors[:, ~kept] @ turned[~kept]
    return (vectors[:, kept] @ (turned[kept] / values[kept])) / scale, lost / scale
