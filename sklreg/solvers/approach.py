"""The way to a small penalty of many features, by stages.

Correlations change steadily along the path, so that the working set of the next stage
is foreseen; the violators of one large step would be too many.
"""

import numpy as np

from sklreg.solvers.steps import PathSteps

# Next to the level before, each level on the way.
_STAGE = 0.75


def approach(problem, w, l1, l2, tol, max_stages):
    """Come down to a penalty by stages, in place of w = 0.

    Parameters
    ----------
    problem : LeastSquaresProblem
        The problem.
    w : ndarray of shape (n_features,)
        Zeros; the last solution that was reached takes their place.
    l1, l2 : ndarray of shape (n_features,)
        Penalties of the features.
    tol : float
        Tolerance that sweeps on the way are held to.
    max_stages : int
        Bound on the stages, and on the sweeps of each.

    Returns
    -------
    int
        Number of stages.
    """
    if not l1.all():
        return 0
    level = float(np.max(np.abs(problem.q) / l1))
    if not 1.0 < level < np.inf:
        return 0
    stages = int(np.ceil(-np.log(level) / np.log(_STAGE)))
    ratio = level ** (-1.0 / stages)
    correlation, before = problem.q, None
    steps = PathSteps(problem, tol, max_stages)
    for stage in range(min(stages, max_stages)):
        ahead, end = correlation - l2 * w, level * ratio
        if stage == stages - 1:
            end = 1.0
        expected = None
        if before is not None:
            expected = ahead + ratio * (ahead - before)
        problem.working.propose(ahead, expected, level * l1, end * l1)
        columns = problem.working.columns
        local = w[columns]
        penalties = end * l1[columns], l2[columns]
        finite = np.isfinite(problem.working.squares).all()
        if not (finite and problem.active.worthwhile(local, *penalties)):
            return stage
        gradient = correlation[columns]
        done, _ = steps.move(local, gradient, *penalties)
        steps.begin()
        if not done:
            return stage
        w[columns] = local
        before, level = ahead, end
        if stage < stages - 1:
            correlation = problem.design.correlate(problem.residual(w))
    return min(stages, max_stages)
