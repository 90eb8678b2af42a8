"""Layers with parameters: products and activations."""

import numpy as np

from sklreg import _layers_kernels as kernels
from sklreg._views import read_only
from sklreg.layers._base import NO_WORDS, PREDICT, Layer, Rate


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
        self.gradients = (self.gradient,)

    def forward(self, X, mode=PREDICT, source=None):
        self._fit_rows(X.shape[0])
        self._X = X
        out = self._buffer("out", self.weights.shape[1], self.weights.dtype)
        if isinstance(X, np.ndarray):
            return np.dot(X, self.weights, out)
        kernels.sparse_product(*_csr(X), self.weights, out)
        return out

    def backward(self, delta, *, first=False):
        if isinstance(self._X, np.ndarray):
            np.dot(self._X.T, delta, self.gradient)
        else:
            kernels.sparse_gradient(*_csr(self._X), delta, self.gradient)
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
        self.gradients = (self.gradient,)
        self.dropout = dropout
        self._rate = Rate(dropout, bias.dtype)
        self._whole = Rate(0.0, bias.dtype)
        self._slope = np.empty((0, 0), dtype=bias.dtype)
        self._sums = np.empty(len(bias))

    def forward(self, X, mode=PREDICT, source=None):
        self._fit_rows(len(X))
        dropping = self.dropout > 0 and mode != PREDICT
        rate, words = self._whole, NO_WORDS
        if dropping:
            rate, words = self._rate, self._drawn_words(X.shape[1], source.key)
        self._used, self._drawn, self._output = rate, words, X
        if self.function == kernels.RELU:
            kernels.add_bias_rectify(X, self.bias, words, rate.threshold, rate.scale)
            return X
        if self.function == kernels.GELU:
            self._slope = self._buffer("slope", X.shape[1], X.dtype)
            kernels.gelu(X, self.bias, self._slope)
        else:
            kernels.add_bias(X, self.bias)
            self._apply(X)
        if dropping:
            kernels.drop_in_place(X, words, rate.threshold, rate.scale)
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
            self._drawn,
            rate.threshold,
            rate.scale,
            rate.keep,
            delta,
            self._sums,
            self.gradient,
        )
        return delta


def _csr(X):
    return read_only(X.data), read_only(X.indices), read_only(X.indptr)
