"""Losses of a real target."""

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from sklreg.losses._base import IdentityLink, Loss, floats


@dataclass(frozen=True)
class SquaredError(IdentityLink, Loss):
    r"""Half the squared error, :math:`\tfrac12(y-p)^2`.

    Examples
    --------
    >>> from sklreg.losses import SquaredError
    >>> float(SquaredError().value(1.0, 3.0))
    2.0
    """

    curvature_bound = 1.0

    def value(self, y, raw):
        """Return the loss."""
        y, raw = floats(y, raw)
        return 0.5 * (raw - y) ** 2

    def gradient(self, y, raw):
        """Return the first derivative in `raw`."""
        y, raw = floats(y, raw)
        return raw - y

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        return np.ones_like(floats(y, raw)[1])

    def minimizer(self, y, sample_weight=None):
        """Return the best constant, the weighted mean."""
        return float(np.average(np.asarray(y, np.float64), weights=sample_weight))


@dataclass(frozen=True)
class Huber(IdentityLink, Loss):
    r"""Squared near zero, linear beyond `epsilon` (Huber, 1964).

    :math:`\tfrac12 r^2` for :math:`|r| \le \epsilon`, else
    :math:`\epsilon(|r| - \tfrac12\epsilon)`, with :math:`r = y - p`.

    Parameters
    ----------
    epsilon : float, default=0.1
        Where the loss turns linear.

    Examples
    --------
    >>> from sklreg.losses import Huber
    >>> float(Huber(epsilon=1.0).value(0.0, 3.0))
    2.5
    """

    epsilon: float = 0.1

    curvature_bound = 1.0

    def value(self, y, raw):
        """Return the loss."""
        size = np.abs(self._residual(y, raw))
        return np.where(
            size <= self.epsilon,
            0.5 * np.minimum(size, self.epsilon) ** 2,
            self.epsilon * (size - 0.5 * self.epsilon),
        )

    def gradient(self, y, raw):
        """Return the first derivative in `raw`."""
        return np.clip(self._residual(y, raw), -self.epsilon, self.epsilon)

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        residual = self._residual(y, raw)
        return (np.abs(residual) <= self.epsilon).astype(residual.dtype)

    @staticmethod
    def _residual(y, raw):
        y, raw = floats(y, raw)
        return raw - y


@dataclass(frozen=True)
class EpsilonInsensitive(IdentityLink, Loss):
    r"""The loss of support vector regression, :math:`\max(0, |y-p| - \epsilon)`.

    Parameters
    ----------
    epsilon : float, default=0.1
        Errors up to this size cost nothing.

    Examples
    --------
    >>> from sklreg.losses import EpsilonInsensitive
    >>> float(EpsilonInsensitive(epsilon=0.5).value(0.0, 3.0))
    2.5
    """

    epsilon: float = 0.1

    def value(self, y, raw):
        """Return the loss."""
        return np.abs(self._excess(y, raw))

    def gradient(self, y, raw):
        """Return a subgradient in `raw`, 0 inside the tube and on its edge."""
        return np.sign(self._excess(y, raw))

    def curvature(self, y, raw):
        """Return the second derivative in `raw`, 0 wherever it exists."""
        return np.zeros_like(self._excess(y, raw))

    def _excess(self, y, raw):
        """How far, and to which side, the prediction lies outside the tube."""
        y, raw = floats(y, raw)
        residual = raw - y
        return residual - np.clip(residual, -self.epsilon, self.epsilon)


@dataclass(frozen=True)
class SquaredEpsilonInsensitive(EpsilonInsensitive):
    r"""The squared tube loss, :math:`\max(0, |y-p| - \epsilon)^2`.

    Parameters
    ----------
    epsilon : float, default=0.1
        Errors up to this size cost nothing.

    Examples
    --------
    >>> from sklreg.losses import SquaredEpsilonInsensitive
    >>> float(SquaredEpsilonInsensitive(epsilon=1.0).value(0.0, 3.0))
    4.0
    """

    curvature_bound = 2.0

    def value(self, y, raw):
        """Return the loss."""
        return self._excess(y, raw) ** 2

    def gradient(self, y, raw):
        """Return the first derivative in `raw`."""
        return 2.0 * self._excess(y, raw)

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        return 2.0 * np.abs(np.sign(self._excess(y, raw)))


@dataclass(frozen=True)
class Quantile(IdentityLink, Loss):
    r"""The pinball loss, whose minimiser is a quantile (Koenker & Bassett, 1978).

    :math:`q\,(y-p)` where the prediction is too low, :math:`(1-q)(p-y)` where too high.

    Parameters
    ----------
    quantile : float, default=0.5
        The quantile q in (0, 1). 0.5 is half the absolute error.

    Examples
    --------
    >>> from sklreg.losses import Quantile
    >>> float(Quantile(0.25).value(4.0, 0.0))
    1.0
    """

    quantile: float = 0.5

    def value(self, y, raw):
        """Return the loss."""
        y, raw = floats(y, raw)
        return np.maximum(self.quantile * (y - raw), (1 - self.quantile) * (raw - y))

    def gradient(self, y, raw):
        """Return a subgradient in `raw`, 0 at the kink."""
        y, raw = floats(y, raw)
        slope = np.where(raw > y, 1 - self.quantile, -self.quantile)
        return np.where(raw == y, 0, slope).astype(raw.dtype, copy=False)

    def curvature(self, y, raw):
        """Return the second derivative in `raw`, 0 wherever it exists."""
        return np.zeros(np.broadcast(y, raw).shape, floats(y, raw)[1].dtype)


@dataclass(frozen=True)
class AbsoluteError(EpsilonInsensitive):
    """The absolute error, whose minimiser is the median.

    Parameters
    ----------
    epsilon : float, default=0.0
        Half the width of the zone without loss.

    Examples
    --------
    >>> from sklreg.losses import AbsoluteError
    >>> AbsoluteError().minimizer([1.0, 2.0, 10.0])
    2.0
    """

    epsilon: float = 0.0


@dataclass(frozen=True)
class Poisson(Loss):
    r"""Half the Poisson deviance of a count, :math:`e^p - yp + y\log y - y`.

    Targets are not negative; `raw` is the logarithm of the mean.

    Examples
    --------
    >>> from sklreg.losses import Poisson
    >>> float(Poisson().gradient(3.0, 0.0))
    -2.0
    """

    def value(self, y, raw):
        """Return the loss."""
        y, raw = floats(y, raw)
        return np.exp(raw) - y * raw - (y - xlogy(y, y))

    def gradient(self, y, raw):
        """Return the first derivative in `raw`."""
        y, raw = floats(y, raw)
        return np.exp(raw) - y

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        return np.exp(floats(y, raw)[1])

    @staticmethod
    def link(mean):
        """Return the logarithm of a mean."""
        return np.log(mean)

    @staticmethod
    def inverse_link(raw):
        """Return the mean."""
        return np.exp(raw)

    def minimizer(self, y, sample_weight=None):
        """Return the best constant, the logarithm of the weighted mean.

        A mean of zero counts as one machine epsilon.
        """
        mean = np.average(np.asarray(y, np.float64), weights=sample_weight)
        return float(np.log(max(mean, np.finfo(np.float64).eps)))
