"""The quadratic model of a multinomial loss, minimised a class at a time.

Given the steps of the other classes, that of one class is the step of a binary model,
on its Gram matrix or by sweeps. The Hessian's coupling, ``diag(P_i) - P_i P_i'`` for
each sample, is kept exactly: with ``mean_i = P_i R_i`` for the steps R in raw
predictions, a class costs as little as in the binary case.
"""

import numpy as np

from sklreg.solvers import _logistic_kernels as kernels
from sklreg.solvers.quadratic import minimise_quadratic

_ROUNDS = 50
_INNER_SWEEPS = 20


def minimise_by_class(
    problem, P, damping, new, slope, classes, features, penalties, tol, slope_tol
):
    """Minimise the model over entries of W, in place.

    Parameters
    ----------
    problem : MultinomialProblem
        The problem.
    P : ndarray of shape (n_samples, n_classes)
        Probabilities.
    damping : float
        Added to the curvature of every prediction.
    new : ndarray of shape (m,)
        Entries ``W[classes, features]`` to start from; changed in place.
    slope : ndarray of shape (n_classes, n_features)
        Minus the gradient of the loss there; that of the intercepts is zero.
    classes, features : ndarray of shape (m,)
        The entries; their columns are in the problem's working set.
    penalties : tuple of ndarray of shape (m,)
        ``l1``, ``l2``, ``lower`` and ``upper`` of the entries.
    tol, slope_tol : float
        The rounds end when one lowers the model by no more than tol and finds
        no slope off by more than ``slope_tol`` times its L1 level.

    Returns
    -------
    ndarray of shape (n_classes,)
        Step of the intercepts.
    """
    working = problem.working
    places = np.zeros(problem.design.shape[1], dtype=np.int64)
    places[working.columns] = np.arange(len(working))
    blocks = []
    for k in range(problem.n_classes):
        chosen = np.flatnonzero(classes == k)
        P_k = np.ascontiguousarray(P[:, k])
        curvature = problem.weight * (P_k * (1.0 - P_k) + damping)
        blocks.append(
            _Block(
                problem, k, chosen, places[features[chosen]], P_k, damping, curvature
            )
        )
    mean = np.zeros(len(P))
    for _ in range(_ROUNDS):
        decrease, worst = 0.0, 0.0
        for block in blocks:
            done, off = block.minimise(
                new, slope, features, penalties, mean, tol, slope_tol
            )
            decrease += done
            worst = max(worst, off)
        if decrease <= tol and worst <= slope_tol:
            break
    return np.array([block.shift for block in blocks])


class _Block:
    """The entries of one class, and its step so far."""

    def __init__(self, problem, k, chosen, places, P, damping, curvature):
        self.problem = problem
        self.k, self.chosen, self.places = k, chosen, places
        self.P, self.damping, self.curvature = P, damping, curvature
        self.total = float(curvature.sum())
        self.step = np.zeros(len(P))
        self.shift = 0.0
        self.model = None

    def minimise(self, new, slope, features, penalties, mean, tol, slope_tol):
        """Minimise over this class; return the decrease and the worst slope."""
        problem, working, chosen = self.problem, self.problem.working, self.chosen
        centred = problem.fit_intercept and self.total > 0.0
        theta = self.P * (self.step - mean) + self.damping * self.step
        theta *= -problem.weight
        drift = 0.0
        if centred:
            drift = theta.sum() / self.total
            theta -= drift * self.curvature
        decrease = 0.5 * drift * drift * self.total
        worst = 0.0
        product = np.zeros(len(theta))
        origin = 0.0
        if len(chosen):
            l1, l2, lower, upper = (v[chosen] for v in penalties)
            start = new[chosen]
            gradient = slope[self.k, features[chosen]]
            gradient = gradient + working.correlate(theta, self.places)
            worst, gain = _violation(gradient, start, l1, l2, lower, upper)
            part = start.copy()
            if worst > 0.3 * slope_tol or (gain > 0.0 and not l1.all()):
                self._descend(part, gradient, (l1, l2, lower, upper), tol, slope_tol)
            change = part - start
            new[chosen] = part
            product = working.product(change, self.places)
            origin = float(working.origin(working.columns[self.places]) @ change)
            decrease += 0.5 * float(product @ (self.curvature * product))
            decrease += 0.5 * float(l2 @ change**2)
        shift = drift
        if centred:
            shift -= float(self.curvature @ product) / self.total
        product += shift
        self.step += product
        self.shift += shift - origin
        mean += self.P * product
        return decrease, worst

    def _descend(self, part, gradient, penalties, tol, slope_tol):
        problem, working = self.problem, self.problem.working
        if working.prefers_gram(self.places):
            if self.model is None:
                self.model = working.gram(self.curvature, self.places, self.places)
            minimise_quadratic(
                self.model, gradient, part, *penalties, 0.1 * tol, 0.3 * slope_tol
            )
            return
        columns = working.columns[self.places]
        if self.model is None:
            total = self.total if problem.fit_intercept else np.inf
            self.model = working.moments(self.curvature, columns, total)
        kernels.csc_sweeps(
            *problem.design.arrays(),
            columns,
            self.curvature,
            self.total if problem.fit_intercept else 0.0,
            *self.model,
            gradient,
            part,
            *penalties,
            _INNER_SWEEPS,
            0.1 * tol,
            0.3 * slope_tol,
        )


def _violation(gradient, w, l1, l2, lower, upper):
    """Return the largest slope off its level, in parts of it, and the largest off."""
    slope = gradient - l2 * w
    off = np.where(
        w != 0.0, np.abs(slope - l1 * np.sign(w)), np.maximum(np.abs(slope) - l1, 0.0)
    )
    up = slope > l1 * np.where(w < 0.0, -1.0, 1.0)
    off[np.where(up, w >= upper, w <= lower)] = 0.0
    relative = off[l1 > 0.0] / l1[l1 > 0.0]
    return (float(relative.max()) if len(relative) else 0.0), float(off.max())
