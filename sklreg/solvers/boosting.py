"""Step lengths of gradient boosting: how far to go in a leaf, or along a regressor.

A stage of boosting fits a regressor h to the negative gradient. How far to go is a
problem of one variable for each leaf of a tree (Friedman 2001, Algorithm 5), or of one
variable along h (his Algorithm 1). The loss is convex, so its slope has one sign
change, found by bisection for all leaves at once; the likelihoods take one step of
Newton's method in a leaf, as is usual.
"""

import numpy as np

_HALVINGS = 60
_DOUBLINGS = 40
_LONGEST = 2.0**_DOUBLINGS


def _column(values, k):
    return values if values.ndim == 1 else values[:, k]


def _shifted(raw, step, k):
    """Return raw predictions with `step` added to column k."""
    if raw.ndim == 1:
        return raw + step
    moved = raw.copy()
    moved[:, k] += step
    return moved


def leaf_steps(loss, target, raw, weight, leaves, n_leaves, k=0, *, newton=False):
    """Return the step of each leaf.

    Parameters
    ----------
    loss : object of :mod:`sklreg.losses`
        The loss.
    target : ndarray of shape (n_samples,) or (n_samples, n_columns)
        Targets as the loss takes them.
    raw : ndarray of shape (n_samples,) or (n_samples, n_columns)
        Raw predictions so far.
    weight : ndarray of shape (n_samples,)
        Weights of the samples.
    leaves : ndarray of int of shape (n_samples,)
        The leaf of each sample.
    n_leaves : int
        Number of leaves; one without weight gets a step of 0.
    k : int
        Column of `raw` that the step is for.
    newton : bool
        One step of Newton's method in place of the minimum.

    Returns
    -------
    ndarray of shape (n_leaves,)
    """

    def total(values):
        return np.bincount(leaves, weight * values, minlength=n_leaves)

    if newton:
        slope = total(_column(loss.gradient(target, raw), k))
        curvature = total(_column(loss.curvature(target, raw), k))
        flat = curvature < 1e-150
        step = -slope / np.where(flat, 1.0, curvature)
        if raw.ndim == 2:
            # the K probabilities have K - 1 degrees of freedom
            step *= (raw.shape[1] - 1) / raw.shape[1]
        return np.where(flat, 0.0, step)

    def slope(step):
        moved = _shifted(raw, step[leaves], k)
        return total(_column(loss.gradient(target, moved), k))

    return _middle_minimum(slope, np.zeros(n_leaves))


def direction_step(loss, target, raw, weight, direction, k=0):
    """Return the step along a direction that lowers the weighted loss most, a float.

    Parameters
    ----------
    loss : object of :mod:`sklreg.losses`
        The loss.
    target : ndarray of shape (n_samples,) or (n_samples, n_columns)
        Targets as the loss takes them.
    raw : ndarray of shape (n_samples,) or (n_samples, n_columns)
        Raw predictions so far.
    weight : ndarray of shape (n_samples,)
        Weights of the samples.
    direction : ndarray of shape (n_samples,)
        What the regressor predicts.
    k : int
        Column of `raw` that the step is for.

    Returns
    -------
    float
        Not negative; 0 where the direction does not lead down.
    """

    def slope(step):
        moved = _shifted(raw, step[0] * direction, k)
        gradient = _column(loss.gradient(target, moved), k)
        return np.atleast_1d(np.dot(weight * gradient, direction))

    if not np.any(direction) or slope(np.zeros(1))[0] >= 0.0:
        return 0.0
    return float(_middle_minimum(slope, np.zeros(1))[0])


def _middle_minimum(slope, start):
    """Return, for convex functions by their slopes, minima near `start`.

    The middle of the interval where the minimum is attained; where this interval has
    no end, the end nearest to the start.
    """
    left, left_found = _crossing(slope, start, strict=False)
    right, right_found = _crossing(slope, start, strict=True)
    middle = left + 0.5 * (right - left)
    step = np.where(left_found & right_found, middle, start)
    step = np.where(left_found & ~right_found, np.maximum(left, start), step)
    return np.where(~left_found & right_found, np.minimum(right, start), step)


def _crossing(slope, start, *, strict):
    """Return where slopes cease to be negative (`strict`: at most 0), and if found."""

    def is_left(step):
        return slope(step) <= 0.0 if strict else slope(step) < 0.0

    low, high = start.copy(), start.copy()
    reach = np.ones_like(start)
    low_open, high_open = ~is_left(low), is_left(high)
    low_found, high_found = ~low_open, ~high_open
    for _ in range(_DOUBLINGS):
        if not (low_open.any() or high_open.any()):
            break
        low = np.where(low_open, start - reach, low)
        high = np.where(high_open, start + reach, high)
        now_left = is_left(np.where(low_open, low, high))
        low_found |= low_open & now_left
        high_found |= high_open & ~now_left
        # what was tried on the way narrows the other side
        high = np.where(low_open & ~now_left, low, high)
        low = np.where(high_open & now_left, high, low)
        low_open &= ~now_left
        high_open &= now_left
        reach *= 2.0
    found = low_found & high_found
    for _ in range(_HALVINGS):
        if not found.any() or np.all(
            (high - low)[found] <= 1e-14 * np.abs(high[found])
        ):
            break
        middle = low + 0.5 * (high - low)
        left = is_left(middle)
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return high, found
