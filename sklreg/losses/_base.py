"""What losses share: floats, a minimiser by bisection, the identity link."""

import numpy as np


def floats(y, raw):
    """Return both as floats of the dtype of `raw`."""
    raw = np.asarray(raw)
    if not np.issubdtype(raw.dtype, np.floating):
        raw = raw.astype(np.float64)
    return np.asarray(y, dtype=raw.dtype), raw


class Loss:
    """What losses share: a minimiser by bisection on the slope."""

    curvature_bound = np.inf

    def minimizer(self, y, sample_weight=None):
        """Return the best constant raw prediction, a float.

        Found by bisection between the smallest and the largest target; the middle
        of the interval where every constant is equally good.
        """
        y = np.asarray(y, dtype=np.float64)
        weight = np.ones_like(y) if sample_weight is None else np.asarray(sample_weight)
        y, weight = y[weight > 0], weight[weight > 0]

        def slope(constant):
            return np.dot(weight, self.gradient(y, np.full_like(y, constant)))

        left = _crossing(lambda c: slope(c) < 0, y.min(), y.max())
        right = _crossing(lambda c: slope(c) <= 0, y.min(), y.max())
        return float(left + (right - left) / 2)


def _crossing(is_left, low, high, n_halvings=64):
    """Return the smallest number in [low, high] that is not left, else `high`."""
    if not is_left(low):
        return low
    for _ in range(n_halvings):
        middle = low + (high - low) / 2
        low, high = (middle, high) if is_left(middle) else (low, middle)
    return high


class IdentityLink:
    """Raw predictions that are predictions."""

    @staticmethod
    def link(mean):
        """Return the raw prediction of a prediction: the same number."""
        return np.asarray(mean)

    @staticmethod
    def inverse_link(raw):
        """Return the prediction of a raw prediction: the same number."""
        return np.asarray(raw)


def inside(share):
    """Return shares moved into (0, 1)."""
    eps = np.finfo(np.float64).eps
    return np.clip(share, eps, 1 - eps)
