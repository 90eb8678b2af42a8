"""What boosting minimises: a loss, and how targets reach it."""

from dataclasses import replace

import numpy as np
from scipy.special import expit, softmax

from sklreg.losses import LOSSES

REGRESSION = (
    "squared_error",
    "absolute_error",
    "huber",
    "quantile",
    "epsilon_insensitive",
    "squared_epsilon_insensitive",
)
CLASSIFICATION = ("log_loss", "hinge", "squared_hinge", "modified_huber")


class RegressionObjective:
    """A loss of real targets.

    Parameters
    ----------
    name : str
        Name in :data:`sklreg.losses.LOSSES`.
    alpha : float
        The quantile of 'quantile'; for 'huber', the quantile of the absolute residuals
        at which the loss turns linear.
    epsilon : float
        Half width of the zone without loss of the epsilon-insensitive losses.
    """

    n_columns = 1

    def __init__(self, name, alpha, epsilon):
        self.name, self.alpha = name, alpha
        self.loss = LOSSES[name]
        if name == "quantile":
            self.loss = replace(self.loss, quantile=float(alpha))
        elif name.endswith("epsilon_insensitive"):
            self.loss = replace(self.loss, epsilon=float(epsilon))
        self.newton = False
        # the fitted values of least squares are the best step already
        self.fitted = name == "squared_error"
        # scikit-learn's scores of this loss are of the loss without the half
        self.factor = 2.0 if name == "squared_error" else 1.0

    def targets(self, y):
        """Return the targets that the loss takes."""
        return np.asarray(y, dtype=np.float64)

    def before_stage(self, target, raw, weight):
        """Set where Huber's loss turns linear, by the residuals so far."""
        if self.name == "huber":
            size = np.abs(target - raw)
            width = weighted_quantile(size, weight, self.alpha)
            self.loss = replace(self.loss, epsilon=max(width, np.finfo(float).tiny))

    def baseline(self, target, weight):
        """Return the best constants, shape (n_columns,)."""
        if self.name == "huber":
            return np.array([weighted_quantile(target, weight, 0.5)])
        return np.array([self.loss.minimizer(target, weight)])

    def value(self, target, raw, weight):
        """Return the weighted mean loss."""
        losses = self.loss.value(target, raw)
        return float(np.average(losses, weights=weight))


class ClassificationObjective:
    """A loss of classes, given as codes 0, 1, ...

    Two classes take one column of raw predictions. More take one for each: 'log_loss'
    is then multinomial, a loss of margins is summed over the classes, one against
    the rest.
    """

    def __init__(self, name, n_classes):
        self.name, self.n_classes = name, n_classes
        self.n_columns = 1 if n_classes == 2 else n_classes
        self.likelihood = name == "log_loss"
        multinomial = self.likelihood and n_classes > 2
        self.loss = LOSSES["multinomial" if multinomial else name]
        self.multinomial = multinomial
        self.newton = self.likelihood
        self.fitted = False
        self.factor = 2.0 if self.likelihood and n_classes == 2 else 1.0

    def targets(self, codes):
        """Return 0/1, -1/+1, or rows of these, as the loss takes them."""
        if self.n_columns == 1:
            target = codes.astype(np.float64)
        else:
            target = np.eye(self.n_classes)[codes]
        return target if self.likelihood else 2.0 * target - 1.0

    def before_stage(self, target, raw, weight):
        """Do nothing: no loss of classes changes between stages."""

    def baseline(self, target, weight):
        """Return the best constants, shape (n_columns,)."""
        if target.ndim == 1:
            return np.array([self.loss.minimizer(target, weight)])
        if self.multinomial:
            return self.loss.minimizer(target, weight)
        return np.array([self.loss.minimizer(column, weight) for column in target.T])

    def value(self, target, raw, weight):
        """Return the weighted mean loss."""
        losses = self.loss.value(target, raw)
        if losses.ndim == 2:
            losses = losses.sum(axis=1)
        return float(np.average(losses, weights=weight))

    def probabilities(self, raw):
        """Return probabilities, shape (n_samples, n_classes)."""
        if self.multinomial:
            return softmax(raw, axis=1)
        positive = expit(raw) if self.likelihood else self.loss.inverse_link(raw)
        if raw.ndim == 1:
            return np.column_stack([1.0 - positive, positive])
        total = positive.sum(axis=1, keepdims=True)
        even = np.full_like(positive, 1.0 / self.n_classes)
        return np.where(total > 0, positive / np.where(total > 0, total, 1.0), even)

    def link(self, probability):
        """Return raw predictions of an initial estimator's probabilities."""
        eps = np.finfo(np.float64).eps
        probability = np.clip(probability, eps, 1.0 - eps)
        if self.multinomial:
            return self.loss.link(probability)
        positive = probability[:, 1] if self.n_columns == 1 else probability
        if hasattr(self.loss, "link"):
            return self.loss.link(positive)
        return np.where(positive > 0.5, 1.0, -1.0)


def weighted_quantile(values, weight, quantile):
    """Return the smallest value with at least this share of the weight below it."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order])
    place = np.searchsorted(reached, quantile * reached[-1])
    return float(values[order[min(place, len(values) - 1)]])
