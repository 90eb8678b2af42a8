"""Layers with parameters: products, activations, batch norm."""

import numpy as np
from scipy.sparse import issparse

from sklreg import _layers_kernels as kernels
from sklreg.layers._base import PREDICT, TRAIN, Layer, Rate, read_only


class Dense(Layer):
    """The product with a matrix of weights, ``X @ weights``.

    Parameters
    ----------
    weights : ndarray of shape (n_inputs, n_outputs)
        Weights; a column holds what comes into one unit.
    gradient : ndarray of the same shape, default=None
        Where ``backward`` writes the slope in the weights.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import Dense
    >>> Dense(np.array([[1.0], [2.0]])).forward(np.array([[3.0, 4.0]]))
    array([[11.]])
    """

    def __init__(self, weights, gradient=None):
        self.weights = weights
        self.gradient = np.empty_like(weights) if gradient is None else gradient

    def forward(self, X, mode=PREDICT, source=None):
        self._fit_rows(X.shape[0])
        self._X = X
        out = self._buffer("out", self.weights.shape[1], self.weights.dtype)
        if issparse(X):
            kernels.sparse_product(*_csr(X), self.weights, out)
            return out
        return np.dot(X, self.weights, out)

    def backward(self, delta, *, first=False):
        if issparse(self._X):
            kernels.sparse_gradient(*_csr(self._X), delta, self.gradient)
        else:
            np.dot(self._X.T, delta, self.gradient)
        if first:
            return None
        back = self._buffer("back", len(self.weights), self.weights.dtype)
        return np.dot(delta, self.weights.T, back)


class Activation(Layer):
    """Bias, function and dropout of a layer of units, in one pass.

    ``f(z + bias)``, with f the identity, 'relu', 'logistic', 'tanh', 'elu' (Clevert et
    al., 2016) or 'gelu' (Hendrycks & Gimpel, 2016). Overwrites its input.

    Parameters
    ----------
    function : str
        Name of the function.
    bias : ndarray of shape (n_units,)
        Bias of each unit.
    gradient : ndarray of shape (n_units,), default=None
        Where ``backward`` writes the slope in the bias.
    dropout : float, default=0.0
        Fraction of the outputs that are dropped, in [0, 1) (Srivastava et al., 2014).

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import Activation
    >>> Activation("relu", np.array([1.0, -3.0])).forward(np.array([[0.5, 0.5]]))
    array([[1.5, 0. ]])
    """

    def __init__(self, function, bias, gradient=None, dropout=0.0):
        self.function = kernels.FUNCTIONS[function]
        self.bias = bias
        self.gradient = np.empty_like(bias) if gradient is None else gradient
        self.dropout = dropout
        self._rate = Rate(dropout, bias.dtype)
        self._whole = Rate(0.0, bias.dtype)
        self._bits = self._none = np.empty((0, 0), dtype=np.uint16)
        self._slope = np.empty((0, 0), dtype=bias.dtype)
        self._sums = np.empty(len(bias))

    def forward(self, X, mode=PREDICT, source=None):
        self._fit_rows(len(X))
        dropping = self.dropout > 0 and mode != PREDICT
        self._bits = source.bits(*X.shape) if dropping else self._none
        rate = self._used = self._rate if dropping else self._whole
        self._output = X
        if self.function == kernels.RELU:
            kernels.add_bias_rectify(
                X, self.bias, self._bits, rate.threshold, rate.scale
            )
            return X
        if self.function == kernels.GELU:
            self._slope = self._buffer("slope", X.shape[1], X.dtype)
            kernels.gelu(X, self.bias, self._slope)
        else:
            kernels.add_bias(X, self.bias)
            self._apply(X)
        if dropping:
            kernels.drop_in_place(X, self._bits, rate.threshold, rate.scale)
        return X

    def _apply(self, Z):
        """Apply a function for which NumPy has vector instructions."""
        if self.function == kernels.TANH:
            np.tanh(Z, out=Z)
        elif self.function == kernels.LOGISTIC:
            # (1 + tanh(z / 2)) / 2: never overflows
            Z *= 0.5
            np.tanh(Z, out=Z)
            Z *= 0.5
            Z += 0.5
        elif self.function == kernels.ELU:
            negative = self._buffer("negative", Z.shape[1], Z.dtype)
            np.minimum(Z, 0, out=negative)
            np.expm1(negative, out=negative)
            np.maximum(Z, 0, out=Z)
            Z += negative

    def backward(self, delta, *, first=False):
        rate = self._used
        kernels.activation_backward(
            self.function,
            self._output,
            self._slope,
            self._bits,
            rate.threshold,
            rate.scale,
            rate.keep,
            delta,
            self._sums,
            self.gradient,
        )
        return delta


class BatchNorm(Layer):
    r"""Standardise each unit over the batch, then scale it (Ioffe & Szegedy, 2015).

    :math:`\gamma (z - \mu) / \sqrt{\sigma^2 + \epsilon}` with mean and variance of the
    batch in training; in prediction with their running averages, to which a batch adds
    a share of `momentum` (the first ones more: their plain average). The shift
    :math:`eta` is the bias of the :class:`Activation` that follows. Overwrites its
    input.

    Parameters
    ----------
    scale : ndarray of shape (n_units,)
        The scale :math:`\gamma`.
    gradient : ndarray of shape (n_units,), default=None
        Where ``backward`` writes the slope in the scale.
    statistics : ndarray of float64 of shape (2 * n_units + 1,), default=None
        Running means, running variances and the number of batches they are from.
    momentum : float, default=0.1
        Share of a new batch in the running averages.
    epsilon : float, default=1e-5
        Added to the variance.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import TRAIN, BatchNorm
    >>> BatchNorm(np.ones(1)).forward(np.array([[1.0], [3.0]]), TRAIN).round(3)
    array([[-1.],
           [ 1.]])
    """

    def __init__(
        self, scale, gradient=None, statistics=None, momentum=0.1, epsilon=1e-5
    ):
        m = len(scale)
        self.scale = scale
        self.gradient = np.empty_like(scale) if gradient is None else gradient
        if statistics is None:
            statistics = np.concatenate([np.zeros(m), np.ones(m), [0.0]])
        self.statistics = statistics
        self.mean, self.variance = statistics[:m], statistics[m : 2 * m]
        self.momentum = momentum
        self.epsilon = epsilon
        self._sums, self._products = np.empty(m), np.empty(m)
        self._shift, self._factor = np.empty_like(scale), np.empty_like(scale)

    def forward(self, X, mode=PREDICT, source=None):
        self._fit_rows(len(X))
        if mode == TRAIN:
            kernels.learn_moments(
                X,
                self._sums,
                self._products,
                self.statistics,
                self.momentum,
                self.epsilon,
                self._shift,
                self._factor,
            )
        else:
            self._shift[:] = self.mean
            self._factor[:] = 1.0 / np.sqrt(self.variance + self.epsilon)
        out = self._buffer("out", X.shape[1], X.dtype)
        self._standard = X
        kernels.normalise(X, self._shift, self._factor, self.scale, out)
        return out

    def backward(self, delta, *, first=False):
        kernels.normalise_backward(
            self._standard,
            self._factor,
            self.scale,
            delta,
            self._sums,
            self._products,
            self.gradient,
        )
        return delta


def _csr(X):
    return read_only(X.data), read_only(X.indices), read_only(X.indptr)
