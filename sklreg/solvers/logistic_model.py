"""The quadratic model of a logistic Newton step, minimised the way that suits it."""

import numpy as np

from sklreg.solvers import _logistic_kernels as kernels
from sklreg.solvers.logistic_panel import minimise_on_panel, prefers_panel
from sklreg.solvers.quadratic import minimise_quadratic

# Columns of the working set whose slope has come this close to its level are in it.
_LIKELY = 0.9
_SWEEPS = 200
# Far from the optimum more Newton steps are worth more than more sweeps.
_FAR, _FAR_SWEEPS = 1e-2, 20


def minimise_model(problem, curvature, slope, w, penalties, aim, slope_aim):
    """Minimise the model over the working set of a problem, in place from ``w``.

    Parameters
    ----------
    problem : LogisticProblem
        Gives the columns and the Gram matrix kept from steps before.
    curvature : ndarray of shape (n_samples,)
        Curvature of the loss in the raw predictions.
    slope, w : ndarray of shape (m,)
        Minus the gradient of the loss, and the start.
    penalties : tuple of four ndarrays of shape (m,)
        L1 and L2 penalties and a box around zero.
    aim, slope_aim : float
        Ends when a sweep lowers the model by no more than ``aim`` and finds no slope
        off by more than ``slope_aim`` of its L1 level, or after many.
    """
    working, sparse = problem.working, problem.design.sparse
    if not working.prefers_gram():
        _sweep_over_entries(problem, curvature, slope, w, penalties, aim, slope_aim)
        return
    places = np.flatnonzero((w != 0.0) | (np.abs(slope) >= _LIKELY * penalties[0]))
    on_panel = not sparse and prefers_panel(len(curvature), penalties[0][places])
    if on_panel:
        rows, norms = working.weighted_rows(curvature, places)
    else:
        places, G = problem.gram.at(curvature, places)
    at, own = w[places], tuple(v[places] for v in penalties)
    if on_panel:
        far = slope_aim > _FAR
        minimise_on_panel(rows, norms, slope[places], at, own, aim, slope_aim, far)
    else:
        minimise_quadratic(G, slope[places], at, *own, aim, slope_aim, priced=True)
    w[places] = at


def _sweep_over_entries(problem, curvature, slope, w, penalties, aim, slope_aim):
    working, center = problem.working, problem.fit_intercept
    total = curvature.sum() if center else np.inf
    mean, squares = working.moments(curvature, working.columns, total)
    kernels.csc_sweeps(
        *problem.design.arrays(),
        working.columns,
        curvature,
        total if center else 0.0,
        mean,
        squares,
        slope,
        w,
        *penalties,
        _FAR_SWEEPS if slope_aim > _FAR else _SWEEPS,
        aim,
        slope_aim,
    )
