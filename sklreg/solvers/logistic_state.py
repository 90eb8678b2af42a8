"""What solving a logistic problem keeps: solution, state, progress and damping."""

from dataclasses import dataclass

import numpy as np

from sklreg.solvers import _logistic_kernels as kernels

# Damping after the first step that had to be cut.
_DAMPING = 0.02
# Rounds without progress after which a solution is taken for what it is.
_LOST = 4


def floats(values, size, default):
    """Return values as contiguous float64 of a size, or that many of a default."""
    if values is None:
        return np.full(size, default)
    return np.ascontiguousarray(np.broadcast_to(values, (size,)), dtype=np.float64)


@dataclass
class LogisticSolution:
    """Coefficients with their certificate.

    Attributes
    ----------
    w : ndarray of shape (n_features,) or (n_classes, n_features)
        Coefficients.
    intercept : float or ndarray of shape (n_classes,)
        Intercept, zero where none is fitted.
    gap : float
        Duality gap, from a product with the whole of X computed afresh.
    null_value : float
        Objective with all coefficients zero and the best intercept.
    n_iter : int
        Newton steps taken.
    diverged : bool
        Whether what is not penalised separates the classes, so that no finite
        optimum exists; the coefficients are where the loss became negligible.
    """

    w: np.ndarray
    intercept: float | np.ndarray
    gap: float
    null_value: float
    n_iter: int
    diverged: bool = False


class Progress:
    """Notices when rounding is all that is left: neither value nor gap falls."""

    def __init__(self):
        self.value, self.gap, self.lost = np.inf, np.inf, 0

    def ended(self, value, gap):
        """Whether several rounds in a row have brought nothing."""
        lower = value < self.value - 1e-11 * abs(value)
        self.lost = 0 if lower or gap < 0.9 * self.gap else self.lost + 1
        self.value, self.gap = min(value, self.value), min(gap, self.gap)
        return self.lost > _LOST


class Damping:
    """Curvature added to every prediction's own (Levenberg and Marquardt).

    Far from the optimum, predictions that are all but certain have next to no
    curvature: a Newton step would send them anywhere, and the line search back.
    """

    def __init__(self):
        self.level = 0.0

    def adapt(self, length):
        """Learn from the length of a step: raise it after cuts, or let it fade."""
        if length < 0.5:
            self.level = min(0.25, max(_DAMPING, 4.0 * self.level))
        elif length == 1.0:
            self.level = self.level / 8.0 if self.level > _DAMPING / 16.0 else 0.0


class State:
    """Coefficients with the raw predictions and what follows from them."""

    def __init__(self, problem, w, intercept):
        self.problem = problem
        design = problem.design
        self.w = np.zeros(design.shape[1])
        if w is not None:
            self.w[:] = np.clip(w, problem.lower, problem.upper)
        self.intercept = float(problem.null()[0] if intercept is None else intercept)
        if not problem.fit_intercept:
            self.intercept = 0.0
        support = np.flatnonzero(self.w)
        self.raw = problem.offset + self.intercept
        if len(support):
            self.raw += design.raw_product(support, self.w[support])
        self.theta = np.empty_like(self.raw)
        self.curvature = np.empty_like(self.raw)
        self.damping = Damping()
        self._evaluate()

    def _evaluate(self):
        problem = self.problem
        self.loss = kernels.evaluate(
            self.raw,
            problem.sign,
            problem.weight,
            self.theta,
            self.curvature,
        )

    def move(self, step, shift):
        """Move the raw predictions and the intercept."""
        self.raw += step
        self.intercept += shift
        self._evaluate()

    def damped(self):
        """Return the curvature that the model is given."""
        level = self.damping.level
        return self.curvature + level * self.problem.weight if level else self.curvature

    def center_intercept(self):
        """Newton steps on the intercept alone, until theta sums to zero."""
        if not self.problem.fit_intercept:
            return
        for _ in range(50):
            total = self.curvature.sum()
            drift = self.theta.sum()
            if total <= 0.0 or abs(drift) <= 1e-13 * np.abs(self.theta).sum():
                return
            step = float(np.clip(drift / total, -2.0, 2.0))
            self.move(step, step)

    def full_gradient(self):
        """Return ``X' theta``."""
        return self.problem.design.raw_correlate(self.theta)
