r"""Losses of one target `y` and one raw prediction `raw`.

Every loss is an object with vectorised methods:

* ``value(y, raw)``, ``gradient(y, raw)`` and ``curvature(y, raw)``: the loss, its
  first and its second derivative in `raw`, elementwise. Where a loss has a kink, a
  subgradient, and the second derivative on the side that the gradient takes;
* ``curvature_bound``: the largest curvature, infinite if the gradient jumps;
* ``link(mean)`` and ``inverse_link(raw)``: between raw predictions and predictions on
  the scale of `y`, for the losses that are likelihoods or estimate a mean;
* ``minimizer(y, sample_weight=None)``: the constant raw prediction with the smallest
  weighted loss, where boosting and intercepts start.

Targets are reals for the regression losses, counts for :class:`Poisson`, **0 or 1 (or a
probability between)** for :class:`Logistic`, **-1 or 1** for the margin losses (hinge,
squared hinge, perceptron, modified Huber), and class indices or rows of probabilities
for :class:`Multinomial`, whose raw predictions have shape (n_samples, n_classes).
Definitions and names are those of scikit-learn: squared error and Huber carry a ½, the
squared hinge and the squared epsilon-insensitive loss do not. Results have the dtype of
`raw`; ``exp`` never overflows.

A new loss is one class here and one line in :data:`LOSSES`; the tests are parametrised
over that table.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, logsumexp, softmax, xlogy

__all__ = [
    "LOSSES",
    "AbsoluteError",
    "EpsilonInsensitive",
    "Hinge",
    "Huber",
    "Logistic",
    "ModifiedHuber",
    "Multinomial",
    "Poisson",
    "Quantile",
    "SquaredEpsilonInsensitive",
    "SquaredError",
    "SquaredHinge",
]


def _floats(y, raw):
    raw = np.asarray(raw)
    if not np.issubdtype(raw.dtype, np.floating):
        raw = raw.astype(np.float64)
    return np.asarray(y, dtype=raw.dtype), raw


class _Loss:
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


class _IdentityLink:
    @staticmethod
    def link(mean):
        """Return the raw prediction of a prediction: the same number."""
        return np.asarray(mean)

    @staticmethod
    def inverse_link(raw):
        """Return the prediction of a raw prediction: the same number."""
        return np.asarray(raw)


@dataclass(frozen=True)
class SquaredError(_IdentityLink, _Loss):
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
        y, raw = _floats(y, raw)
        return 0.5 * (raw - y) ** 2

    def gradient(self, y, raw):
        """Return the first derivative in `raw`."""
        y, raw = _floats(y, raw)
        return raw - y

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        return np.ones_like(_floats(y, raw)[1])

    def minimizer(self, y, sample_weight=None):
        """Return the best constant, the weighted mean."""
        return float(np.average(np.asarray(y, np.float64), weights=sample_weight))


@dataclass(frozen=True)
class Huber(_IdentityLink, _Loss):
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
        y, raw = _floats(y, raw)
        return raw - y


@dataclass(frozen=True)
class EpsilonInsensitive(_IdentityLink, _Loss):
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
        y, raw = _floats(y, raw)
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
class Quantile(_IdentityLink, _Loss):
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
        y, raw = _floats(y, raw)
        return np.maximum(self.quantile * (y - raw), (1 - self.quantile) * (raw - y))

    def gradient(self, y, raw):
        """Return a subgradient in `raw`, 0 at the kink."""
        y, raw = _floats(y, raw)
        slope = np.where(raw > y, 1 - self.quantile, -self.quantile)
        return np.where(raw == y, 0, slope).astype(raw.dtype, copy=False)

    def curvature(self, y, raw):
        """Return the second derivative in `raw`, 0 wherever it exists."""
        return np.zeros(np.broadcast(y, raw).shape, _floats(y, raw)[1].dtype)


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
class Logistic(_Loss):
    r"""The log loss of a binary target, :math:`\log(1+e^p) - y\,p`.

    Targets are 0 and 1, or probabilities between (soft labels).

    Examples
    --------
    >>> from sklreg.losses import Logistic
    >>> float(Logistic().gradient(1.0, 0.0))
    -0.5
    """

    curvature_bound = 0.25

    def value(self, y, raw):
        """Return the loss."""
        y, raw = _floats(y, raw)
        # y log(1 + e^-p) + (1 - y) log(1 + e^p): no difference of large numbers
        return y * np.logaddexp(0, -raw) + (1 - y) * np.logaddexp(0, raw)

    def gradient(self, y, raw):
        """Return the first derivative in `raw`."""
        y, raw = _floats(y, raw)
        return (1 - y) * expit(raw) - y * expit(-raw)

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        raw = _floats(y, raw)[1]
        return expit(raw) * expit(-raw)

    @staticmethod
    def link(mean):
        """Return the log-odds of a probability."""
        return logit(mean)

    @staticmethod
    def inverse_link(raw):
        """Return the probability of class 1."""
        return expit(raw)

    def minimizer(self, y, sample_weight=None):
        """Return the best constant, the log-odds of the weighted share of ones.

        With a single class the share is moved inside (0, 1) by one machine epsilon.
        """
        share = np.average(np.asarray(y, np.float64), weights=sample_weight)
        return float(logit(_inside(share)))


@dataclass(frozen=True)
class Poisson(_Loss):
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
        y, raw = _floats(y, raw)
        return np.exp(raw) - y * raw - (y - xlogy(y, y))

    def gradient(self, y, raw):
        """Return the first derivative in `raw`."""
        y, raw = _floats(y, raw)
        return np.exp(raw) - y

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        return np.exp(_floats(y, raw)[1])

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


class _Margin(_Loss):
    """A loss of the margin ``y * raw``, with y either -1 or 1."""

    def value(self, y, raw):
        """Return the loss."""
        y, raw = _floats(y, raw)
        return self._of_margin(y * raw)[0]

    def gradient(self, y, raw):
        """Return the first derivative in `raw`, a subgradient at a kink."""
        y, raw = _floats(y, raw)
        return y * self._of_margin(y * raw)[1]

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        y, raw = _floats(y, raw)
        return self._of_margin(y * raw)[2]


@dataclass(frozen=True)
class Hinge(_Margin):
    r"""The loss of support vector machines, :math:`\max(0, t - yp)`.

    Parameters
    ----------
    threshold : float, default=1.0
        Margins t and beyond cost nothing. 0 is the perceptron's loss.

    Examples
    --------
    >>> from sklreg.losses import Hinge
    >>> float(Hinge().value(-1, 0.5))
    1.5
    """

    threshold: float = 1.0

    def _of_margin(self, margin):
        active = (margin <= self.threshold).astype(margin.dtype)
        shortfall = np.maximum(self.threshold - margin, 0)
        return shortfall, -active, np.zeros_like(margin)


@dataclass(frozen=True)
class SquaredHinge(_Margin):
    r"""The squared hinge, :math:`\max(0, 1 - yp)^2`.

    Examples
    --------
    >>> from sklreg.losses import SquaredHinge
    >>> float(SquaredHinge().value(-1, 1.0))
    4.0
    """

    curvature_bound = 2.0

    def _of_margin(self, margin):
        shortfall = np.maximum(1 - margin, 0)
        return shortfall**2, -2 * shortfall, 2 * np.sign(shortfall)


@dataclass(frozen=True)
class ModifiedHuber(_Margin):
    r"""The squared hinge made linear, :math:`-4yp`, for margins below -1 (Zhang, 2004).

    Raw predictions clipped to [-1, 1] and mapped to [0, 1] estimate a probability.

    Examples
    --------
    >>> from sklreg.losses import ModifiedHuber
    >>> float(ModifiedHuber().value(1, -2.0))
    8.0
    """

    curvature_bound = 2.0

    def _of_margin(self, margin):
        shortfall = np.clip(1 - margin, 0, 2)
        linear = np.maximum(-1 - margin, 0)
        curved = ((shortfall > 0) & (margin >= -1)).astype(margin.dtype)
        return shortfall**2 + 4 * linear, -2 * shortfall, 2 * curved

    @staticmethod
    def link(mean):
        """Return the raw prediction of a probability."""
        return 2 * np.asarray(mean) - 1

    @staticmethod
    def inverse_link(raw):
        """Return the estimated probability of class 1."""
        return (np.clip(raw, -1, 1) + 1) / 2


@dataclass(frozen=True)
class Multinomial(_Loss):
    r"""The log loss of several classes, :math:`\log\sum_k e^{p_k} - \sum_k y_k p_k`.

    `raw` has shape (n_samples, n_classes). `y` has shape (n_samples,), indices of
    classes, or (n_samples, n_classes), rows of probabilities. ``value`` has shape
    (n_samples,); ``curvature`` is the diagonal of the Hessian, and the whole Hessian
    is at most ``curvature_bound`` times the identity (Böhning, 1992).

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.losses import Multinomial
    >>> Multinomial().gradient(np.array([0]), np.zeros((1, 2)))
    array([[-0.5,  0.5]])
    """

    curvature_bound = 0.5

    def value(self, y, raw):
        """Return the loss of each sample, shape (n_samples,)."""
        y, raw = self._rows(y, raw)
        # relative to the expected raw prediction, so that a sure and right
        # prediction keeps its digits
        return logsumexp(raw - np.sum(y * raw, axis=1, keepdims=True), axis=1)

    def gradient(self, y, raw):
        """Return the gradient of each sample, shape (n_samples, n_classes)."""
        y, raw = self._rows(y, raw)
        return softmax(raw, axis=1) - y

    def curvature(self, y, raw):
        """Return the diagonals of the Hessians, shape (n_samples, n_classes)."""
        raw = self._rows(y, raw)[1]
        probability = softmax(raw, axis=1)
        return probability * (1 - probability)

    @staticmethod
    def link(mean):
        """Return centred log-probabilities."""
        log = np.log(mean)
        return log - log.mean(axis=-1, keepdims=True)

    @staticmethod
    def inverse_link(raw):
        """Return the probabilities of the classes."""
        return softmax(raw, axis=-1)

    def minimizer(self, y, sample_weight=None, n_classes=None):
        """Return the best constant, shape (n_classes,), with mean zero.

        An absent class counts as a share of one machine epsilon.
        """
        y = np.asarray(y)
        if y.ndim == 1:
            y = np.eye(y.max() + 1 if n_classes is None else n_classes)[y]
        return self.link(_inside(np.average(y, axis=0, weights=sample_weight)))

    @staticmethod
    def _rows(y, raw):
        y, raw = np.asarray(y), _floats(0, raw)[1]
        if y.ndim == 1:
            return np.eye(raw.shape[1], dtype=raw.dtype)[y], raw
        return y.astype(raw.dtype, copy=False), raw


def _inside(share):
    eps = np.finfo(np.float64).eps
    return np.clip(share, eps, 1 - eps)


LOSSES = {
    "squared_error": SquaredError(),
    "huber": Huber(),
    "epsilon_insensitive": EpsilonInsensitive(),
    "squared_epsilon_insensitive": SquaredEpsilonInsensitive(),
    "absolute_error": AbsoluteError(),
    "quantile": Quantile(),
    "log_loss": Logistic(),
    "poisson": Poisson(),
    "hinge": Hinge(),
    "squared_hinge": SquaredHinge(),
    "perceptron": Hinge(threshold=0.0),
    "modified_huber": ModifiedHuber(),
    "multinomial": Multinomial(),
}
