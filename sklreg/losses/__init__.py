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

A new loss is one class in this package and one line in :data:`LOSSES`; the tests are
parametrised over that table.
"""

from sklreg.losses._classification import (
    Hinge,
    Logistic,
    ModifiedHuber,
    Multinomial,
    SquaredHinge,
)
from sklreg.losses._regression import (
    AbsoluteError,
    EpsilonInsensitive,
    Huber,
    Poisson,
    Quantile,
    SquaredEpsilonInsensitive,
    SquaredError,
)

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
