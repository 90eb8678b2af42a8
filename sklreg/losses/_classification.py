"""Losses of a class: of two, by likelihood or by margin, and of several."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, logsumexp, softmax

from sklreg.losses._base import Loss, floats, inside


@dataclass(frozen=True)
class Logistic(Loss):
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
        y, raw = floats(y, raw)
        # y log(1 + e^-p) + (1 - y) log(1 + e^p): no difference of large numbers
        return y * np.logaddexp(0, -raw) + (1 - y) * np.logaddexp(0, raw)

    def gradient(self, y, raw):
        """Return the first derivative in `raw`."""
        y, raw = floats(y, raw)
        return (1 - y) * expit(raw) - y * expit(-raw)

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        raw = floats(y, raw)[1]
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
        return float(logit(inside(share)))


class _Margin(Loss):
    """A loss of the margin ``y * raw``, with y either -1 or 1."""

    def value(self, y, raw):
        """Return the loss."""
        y, raw = floats(y, raw)
        return self._of_margin(y * raw)[0]

    def gradient(self, y, raw):
        """Return the first derivative in `raw`, a subgradient at a kink."""
        y, raw = floats(y, raw)
        return y * self._of_margin(y * raw)[1]

    def curvature(self, y, raw):
        """Return the second derivative in `raw`."""
        y, raw = floats(y, raw)
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
class Multinomial(Loss):
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
        return self.link(inside(np.average(y, axis=0, weights=sample_weight)))

    @staticmethod
    def _rows(y, raw):
        y, raw = np.asarray(y), floats(0, raw)[1]
        if y.ndim == 1:
            return np.eye(raw.shape[1], dtype=raw.dtype)[y], raw
        return y.astype(raw.dtype, copy=False), raw
