"""A feed-forward network: its parameters in one vector, its layers, its loss.

Hidden layers are, in this order: product with the weights, batch norm, bias and
activation, dropout, structured dropout, noise. With `residual` every hidden layer from
the second on that is as wide as the one before is a block with a way past it. The
output layer is a product and a bias; the loss takes it from there.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np

from sklreg.layers import (
    PREDICT,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Noise,
    RectifiedNorm,
    Residual,
    Sequential,
)
from sklreg.losses import LOSSES
from sklreg.noise import NOISES
from sklreg.solvers import _network_kernels as kernels

__all__ = ["Architecture", "Network", "initial_parameters", "residual_blocks"]

# Predictions are made for so many rows at a time.
ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Architecture:
    """What a network is built of.

    `sizes` are the numbers of inputs, of units in each hidden layer and of outputs;
    `dropout` and `structured_dropout` have a rate for each hidden layer,
    `stochastic_depth` one for each block of :func:`residual_blocks`. A noise is a pair
    of a name in :data:`sklreg.noise.NOISES` and its scale, or None.
    """

    sizes: tuple
    activation: str = "relu"
    input_dropout: float = 0.0
    dropout: tuple = ()
    structured_dropout: tuple = ()
    batch_norm: bool = False
    activation_noise: tuple | None = None
    residual: bool = False
    stochastic_depth: tuple = ()

    @property
    def drops(self):
        """Whether anything is dropped in training."""
        rates = (*self.dropout, *self.structured_dropout, *self.stochastic_depth)
        return self.input_dropout > 0 or any(rates)


def residual_blocks(sizes):
    """Return the hidden layers, from 0, that can be residual blocks."""
    return [i for i in range(1, len(sizes) - 2) if sizes[i] == sizes[i + 1]]


def initial_parameters(sizes, activation, dtype, random_state):
    """Draw weights and intercepts as scikit-learn does (Glorot & Bengio, 2010)."""
    factor = 2.0 if activation == "logistic" else 6.0
    coefs, intercepts = [], []
    for fan_in, fan_out in pairwise(sizes):
        bound = np.sqrt(factor / (fan_in + fan_out))
        coefs.append(random_state.uniform(-bound, bound, (fan_in, fan_out)))
        intercepts.append(random_state.uniform(-bound, bound, fan_out))
    return [[a.astype(dtype, copy=False) for a in part] for part in (coefs, intercepts)]


class Network:
    """Parameters, layers and buffers.

    Parameters
    ----------
    architecture : Architecture
        What to build.
    dtype : dtype
        Either float64 or float32.

    Attributes
    ----------
    theta, slope : ndarray of shape (n_parameters,)
        Parameters and slopes: all weights, all intercepts, the scales of batch norm.
    n_weights : int
        Number of weights.
    coefs, intercepts, scales : list of ndarray
        The parts of `theta`.
    statistics : ndarray of float64
        Running means and variances of batch norm; `norms` has the layers.
    """

    def __init__(self, architecture, dtype):
        self.architecture = architecture
        sizes = architecture.sizes
        hidden = sizes[1:-1]
        shapes = [
            *pairwise(sizes),
            *((m,) for m in sizes[1:]),
            *((m,) for m in hidden if architecture.batch_norm),
        ]
        self.theta = np.ones(sum(map(prod, shapes)), dtype=dtype)
        self.slope = np.zeros_like(self.theta)
        n = len(sizes) - 1
        values, slopes = _parts(self.theta, shapes), _parts(self.slope, shapes)
        self.coefs, self.intercepts, self.scales = (
            values[:n],
            values[n : 2 * n],
            values[2 * n :],
        )
        self.n_weights = sum(coef.size for coef in self.coefs)
        widths = [(2 * m + 1,) for m in hidden if architecture.batch_norm]
        self.statistics = np.zeros(sum(map(prod, widths)))
        self.norms = []
        self._input = Dropout(architecture.input_dropout)
        self._body = Sequential(self._layers(slopes, _parts(self.statistics, widths)))

    def _layers(self, slopes, statistics):
        plan = self.architecture
        last = len(plan.sizes) - 2
        blocks = residual_blocks(plan.sizes) if plan.residual else []
        layers = []
        for i in range(last):
            part = [Dense(self.coefs[i], slopes[i])]
            rate = plan.dropout[i] if plan.dropout else 0.0
            bias, bias_slope = self.intercepts[i], slopes[last + 1 + i]
            if plan.batch_norm:
                statistics[i][plan.sizes[i + 1] : -1] = 1.0
                scale, slope = self.scales[i], slopes[2 * (last + 1) + i]
                if plan.activation == "relu":
                    norm = RectifiedNorm(
                        scale, bias, slope, bias_slope, statistics[i], rate
                    )
                else:
                    norm = BatchNorm(scale, slope, statistics[i])
                self.norms.append(norm)
                part.append(norm)
            if not (plan.batch_norm and plan.activation == "relu"):
                part.append(Activation(plan.activation, bias, bias_slope, rate))
            if plan.structured_dropout and plan.structured_dropout[i]:
                part.append(Dropout(plan.structured_dropout[i], structured=True))
            if plan.activation_noise:
                kind, scale = plan.activation_noise
                part.append(Noise(NOISES[kind], scale))
            if i in blocks:
                rates = plan.stochastic_depth
                rate = rates[blocks.index(i)] if rates else 0.0
                part = [Residual(Sequential(part), rate)]
            layers += part
        layers.append(Dense(self.coefs[last], slopes[last]))
        layers.append(
            Activation("identity", self.intercepts[last], slopes[2 * last + 1])
        )
        return layers

    def load(self, coefs, intercepts, scales=(), statistics=None):
        """Copy parameters in; without `scales` they stay ones."""
        for own, given in (
            (self.coefs, coefs),
            (self.intercepts, intercepts),
            (self.scales if scales else (), scales),
        ):
            for part, value in zip(own, given, strict=True):
                part[...] = value
        if statistics is not None:
            self.statistics[:] = statistics

    def state(self):
        """Return a copy of all that training changes."""
        return self.theta.copy(), self.statistics.copy()

    def restore(self, state):
        """Return to a state."""
        self.theta[:], self.statistics[:] = state

    def forward(self, X, mode=PREDICT, source=None):
        """Return the raw predictions of a batch, in a buffer."""
        return self._body.forward(self._input.forward(X, mode, source), mode, source)

    def backward(self, delta):
        """Fill `slope` from the slope in the raw predictions."""
        self._body.backward(delta, first=True)

    def raw(self, X, mode=PREDICT, source=None):
        """Return raw predictions for any number of rows, shape (n_rows, n_outputs)."""
        n = X.shape[0]
        out = np.empty((n, self.architecture.sizes[-1]), dtype=self.theta.dtype)
        for start in range(0, n, ROWS_AT_ONCE):
            rows = X[start : start + ROWS_AT_ONCE].astype(out.dtype, copy=False)
            out[start : start + rows.shape[0]] = self.forward(rows, mode, source)
        return out


def batch_loss(loss, raw, Y, weight, total):
    """Return the loss of a batch, and turn its raw predictions into the slope.

    Parameters
    ----------
    loss : str
        Name in :data:`sklreg.losses.LOSSES`.
    raw, Y : ndarray of shape (n_rows, n_outputs)
        Raw predictions and targets; rows of probabilities for 'multinomial'.
    weight : ndarray of shape (n_rows,) or (0,)
        Weights; none means ones.
    total : float
        Their sum.

    Returns
    -------
    float
        Mean over the rows of the sum over the outputs.
    """
    if loss == "multinomial":
        return kernels.softmax_loss(raw, Y, weight, total)
    return kernels.elementwise_loss(kernels.CODES[loss], raw, Y, weight, total)


def mean_loss(loss, Y, raw, weight=None):
    """Return the mean loss of raw predictions, which are left as they are.

    The squared error is a mean over the outputs too, as scikit-learn reports it.
    """
    if loss == "multinomial":
        values = LOSSES[loss].value(Y, raw)
    else:
        values = LOSSES[loss].value(Y, raw).sum(axis=1)
        if loss == "squared_error":
            values = values / raw.shape[1]
    return float(np.average(values, weights=weight))


def _parts(vector, shapes):
    """Return views of the vector, one a shape."""
    parts, start = [], 0
    for shape in shapes:
        stop = start + prod(shape)
        parts.append(vector[start:stop].reshape(shape))
        start = stop
    return parts
