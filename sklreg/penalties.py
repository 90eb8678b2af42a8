r"""Penalties and constraints: their value and their proximal operator.

A penalty is a convex function :math:`g(w)`. Solvers ask it for two things:

* ``value(w)``: :math:`g(w)`, a float;
* ``prox(w, step)``: :math:`\arg\min_z \tfrac12\|z-w\|^2 + \mathrm{step}\cdot g(z)`.

A constraint :math:`w \in C` is the penalty that is 0 inside C and infinite outside:
its prox is the projection onto C, whatever the step.

A penalty that is a sum over coordinates of :math:`l_{1j}|w_j| + \tfrac12 l_{2j}w_j^2`
also has ``coordinate(n_features)``, the arrays that coordinate descent kernels take:
:math:`w_j \leftarrow S(w_j + g_j/L_j,\; l_{1j}/L_j) / (1 + l_{2j}/L_j)`.

For a coordinatewise penalty under bounds, the projection of the prox is the prox of
the sum: ``Box(0, 1).prox(ElasticNet(0.1).prox(w, step), step)``.

A new penalty is one class here and one line in :data:`PENALTIES`; the tests are
parametrised over that table.

References
----------
Parikh, N. and Boyd, S. (2014). Proximal Algorithms. Foundations and Trends in
Optimization 1(3).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

__all__ = [
    "L1",
    "L2",
    "PENALTIES",
    "Box",
    "ElasticNet",
    "MaxNorm",
    "NonNegative",
    "soft_threshold",
]


def soft_threshold(w, threshold):
    """Shrink every entry of `w` towards zero by `threshold`, stopping at zero.

    Parameters
    ----------
    w : ndarray
        Values to shrink.
    threshold : float or ndarray
        By how much, not negative.

    Returns
    -------
    ndarray
        ``sign(w) * max(abs(w) - threshold, 0)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.penalties import soft_threshold
    >>> soft_threshold(np.array([-3.0, 0.5]), 1.0)
    array([-2.,  0.])
    """
    return w - np.clip(w, -threshold, threshold)


def _indicator(inside):
    return 0.0 if np.all(inside) else np.inf


class _Separable(ABC):
    """A sum over coordinates of ``l1 * |w_j| + l2 / 2 * w_j ** 2``.

    Subclasses say what ``l1`` and ``l2`` are: scalars, or arrays that broadcast
    against `w`.
    """

    @property
    @abstractmethod
    def _weights(self):
        """The pair ``(l1, l2)``."""

    def value(self, w):
        """Return the penalty at `w` as a float."""
        l1, l2 = self._weights
        w = np.asarray(w, dtype=np.float64)
        return float(np.sum(l1 * np.abs(w) + 0.5 * l2 * w**2))

    def prox(self, w, step):
        """Return the proximal point of `w`, in the dtype of `w`."""
        l1, l2 = self._weights
        w = np.asarray(w)
        shrunk = soft_threshold(w, step * l1) / (1.0 + step * l2)
        return shrunk.astype(w.dtype, copy=False)

    def coordinate(self, n_features):
        """Return the arrays ``l1[j], l2[j]`` of shape (n_features,)."""
        return tuple(
            np.array(np.broadcast_to(weight, n_features), dtype=np.float64)
            for weight in self._weights
        )


@dataclass(frozen=True)
class L1(_Separable):
    r"""The lasso penalty :math:`\alpha\|w\|_1` (Tibshirani, 1996).

    Parameters
    ----------
    alpha : float or ndarray, default=1.0
        Strength, one for all coordinates or one for each.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.penalties import L1
    >>> L1(0.5).prox(np.array([-2.0, 0.25, 1.0]), step=1.0)
    array([-1.5,  0. ,  0.5])
    """

    alpha: float | np.ndarray = 1.0

    @property
    def _weights(self):
        return self.alpha, 0.0


@dataclass(frozen=True)
class L2(_Separable):
    r"""The ridge penalty :math:`\tfrac{\alpha}{2}\|w\|_2^2` (Hoerl & Kennard, 1970).

    Parameters
    ----------
    alpha : float or ndarray, default=1.0
        Strength, one for all coordinates or one for each. Note the ½.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.penalties import L2
    >>> L2(1.0).prox(np.array([-2.0, 1.0]), step=1.0)
    array([-1. ,  0.5])
    """

    alpha: float | np.ndarray = 1.0

    @property
    def _weights(self):
        return 0.0, self.alpha


@dataclass(frozen=True)
class ElasticNet(_Separable):
    r"""The elastic net penalty (Zou & Hastie, 2005), as scikit-learn scales it.

    .. math::

        \alpha\left(\rho\,\|w\|_1 + \tfrac{1-\rho}{2}\|w\|_2^2\right)

    with :math:`\rho` the `l1_ratio`.

    Parameters
    ----------
    alpha : float or ndarray, default=1.0
        Strength, one for all coordinates or one for each.

    l1_ratio : float, default=0.5
        1 is the lasso, 0 is ridge.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.penalties import ElasticNet
    >>> ElasticNet(alpha=2.0, l1_ratio=0.5).value(np.array([1.0, -2.0]))
    5.5
    """

    alpha: float | np.ndarray = 1.0
    l1_ratio: float = 0.5

    @property
    def _weights(self):
        return self.alpha * self.l1_ratio, self.alpha * (1.0 - self.l1_ratio)


@dataclass(frozen=True)
class MaxNorm:
    r"""The max-norm constraint: every unit's incoming weights have norm at most r.

    The projection rescales each weight vector by :math:`\min(1, r/\|w\|_2)`
    (Srebro, Rennie & Jaakkola, 2004; with dropout: Srivastava et al., 2014).

    Parameters
    ----------
    radius : float, default=1.0
        The largest norm allowed, r > 0.

    axis : int, default=0
        The axis of `w` that runs over one unit's incoming weights. 0 fits a single
        weight vector and layers of shape (n_inputs, n_units); use 1 for
        coefficients of shape (n_classes, n_features).

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.penalties import MaxNorm
    >>> MaxNorm(radius=1.0).prox(np.array([3.0, 4.0]), step=1.0)
    array([0.6, 0.8])
    """

    radius: float = 1.0
    axis: int = 0

    def _norms(self, w):
        # scaled by the largest entry, so that squares neither overflow nor vanish
        largest = np.max(np.abs(w), axis=self.axis, keepdims=True, initial=0.0)
        largest = np.where(largest > 0, largest, 1.0)
        return largest * np.linalg.norm(w / largest, axis=self.axis, keepdims=True)

    def value(self, w):
        """Return 0.0 if every norm is at most `radius` (to rounding), else inf."""
        w = np.asarray(w)
        slack = 1.0 + 4.0 * np.finfo(np.result_type(w, np.float32)).eps
        return _indicator(self._norms(w) <= self.radius * slack)

    def prox(self, w, step=1.0):
        """Return `w` with every too long vector scaled back to norm `radius`."""
        w = np.asarray(w)
        scale = self.radius / np.maximum(self._norms(w), self.radius)
        return (w * scale).astype(w.dtype, copy=False)


@dataclass(frozen=True)
class NonNegative:
    """The constraint that no coordinate is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.penalties import NonNegative
    >>> NonNegative().prox(np.array([-1.0, 2.0]), step=1.0)
    array([0., 2.])
    """

    def value(self, w):
        """Return 0.0 if all entries are at least 0, else inf."""
        return _indicator(np.asarray(w) >= 0)

    def prox(self, w, step=1.0):
        """Return `w` with its negative entries set to 0."""
        return np.maximum(w, 0)


@dataclass(frozen=True)
class Box:
    """The constraint ``lower <= w <= upper``, coordinate by coordinate.

    Parameters
    ----------
    lower, upper : float or ndarray, default=-1.0 and 1.0
        Bounds, infinite where there is none. ``lower == upper`` fixes a coordinate.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.penalties import Box
    >>> Box(0.0, np.inf).prox(np.array([-1.0, 2.0]), step=1.0)
    array([0., 2.])
    """

    lower: float | np.ndarray = -1.0
    upper: float | np.ndarray = 1.0

    def value(self, w):
        """Return 0.0 if all entries lie within their bounds, else inf."""
        w = np.asarray(w)
        lower, upper = self._bounds(w.dtype)
        return _indicator((w >= lower) & (w <= upper))

    def prox(self, w, step=1.0):
        """Return `w` clipped to its bounds."""
        w = np.asarray(w)
        return np.clip(w, *self._bounds(w.dtype))

    def _bounds(self, dtype):
        return np.asarray(self.lower, dtype), np.asarray(self.upper, dtype)


PENALTIES = {
    "l1": L1,
    "l2": L2,
    "elasticnet": ElasticNet,
    "max_norm": MaxNorm,
    "nonnegative": NonNegative,
    "box": Box,
}
