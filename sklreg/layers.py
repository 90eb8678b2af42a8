"""Layers of a network, forward and back.

A network is a list of layers. Each takes a batch, one row a sample, in ``forward`` and
returns its output; ``backward`` takes the slope of the objective in that output, stores
the slopes in the layer's parameters and returns the slope in its input. In between a
layer remembers what it needs, so the two are called in turn.

Arrays of parameters and of their slopes are handed in, so that all those of a network
can be parts of one vector. Layers keep the buffers they write to: after the first batch
nothing is allocated. The price is that a layer may overwrite what it is given, and that
what it returns is valid until its next call. The batch itself is never written to.

What happens depends on the mode: ``TRAIN``; ``PREDICT``, where nothing is random; and
``SAMPLE``, which drops as in training but is a prediction otherwise (Monte-Carlo
dropout). Everything dropped is made up for in training by scaling up what is kept, so
that the expected output is the one of prediction ("inverted" dropout).
"""

import numpy as np
from scipy.sparse import issparse

from sklreg import _layers_kernels as kernels

__all__ = [
    "Activation",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Layer",
    "Noise",
    "RandomSource",
    "Residual",
    "Sequential",
]

PREDICT, SAMPLE, TRAIN = range(3)

ACTIVATIONS = tuple(kernels.FUNCTIONS)
_BITS_AT_ONCE = 1 << 18


class RandomSource:
    """Random numbers for the layers of one network, drawn in large blocks.

    Parameters
    ----------
    rng : Generator
        Source of randomness.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import RandomSource
    >>> RandomSource(np.random.default_rng(0)).bits(2, 3).shape
    (2, 3)
    """

    def __init__(self, rng):
        self.rng = rng
        self._block = np.empty(0, dtype=np.uint16)
        self._taken = 0

    def bits(self, n_rows, n_columns):
        """Return random 16-bit numbers, shape (n_rows, n_columns)."""
        size = n_rows * n_columns
        start = self._taken
        if start + size > self._block.size:
            n_words = -(-max(size, _BITS_AT_ONCE) // 4)
            words = self.rng.integers(0, 1 << 64, size=n_words, dtype=np.uint64)
            self._block = words.view(np.uint16)
            start = 0
        self._taken = start + size
        return self._block[start : start + size].reshape(n_rows, n_columns)


class _Rate:
    """A fraction to drop, in the terms of 16 random bits."""

    def __init__(self, rate, dtype):
        if not 0 <= rate < 1:
            raise ValueError(f"A rate of dropout must lie in [0, 1), got {rate}.")
        threshold = min(round(65536 * rate), 65535)
        self.threshold = np.uint16(threshold)
        # by the rate as it is drawn, so that the expectation is right to the last digit
        self.scale = dtype.type(65536 / (65536 - threshold))
        self.keep = dtype.type((65536 - threshold) / 65536)


class Layer:
    """What layers share: buffers for as many rows as the batch has.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import Layer
    >>> Layer().forward(np.ones((1, 2)))
    array([[1., 1.]])
    """

    _n_rows = 0
    _capacity = 0

    def _fit_rows(self, n_rows):
        """Make the buffers fit a batch of `n_rows` rows."""
        if n_rows == self._n_rows:
            return
        if n_rows > self._capacity:
            self._capacity = n_rows
            self._buffers = {}
        self._n_rows = n_rows
        self._views = {name: all_[:n_rows] for name, all_ in self._buffers.items()}

    def _buffer(self, name, n_columns, dtype):
        """Return the buffer of this name, made when it is first asked for."""
        view = self._views.get(name)
        if view is None:
            self._buffers[name] = np.empty((self._capacity, n_columns), dtype=dtype)
            view = self._views[name] = self._buffers[name][: self._n_rows]
        return view

    def forward(self, X, mode=PREDICT, source=None):
        """Return the output of a batch.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_inputs)
            Input; that of the first layer may be a CSR matrix.
        mode : {TRAIN, PREDICT, SAMPLE}, default=PREDICT
            What the pass is for.
        source : RandomSource, default=None
            Where layers that drop or add noise draw from.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
            Output, valid until the next call.
        """
        return X

    def backward(self, delta, *, first=False):
        """Return the slope in the input, after ``forward`` in mode ``TRAIN``.

        Parameters
        ----------
        delta : ndarray of shape (n_rows, n_outputs)
            Slope of the objective in the output; it may be overwritten.
        first : bool, default=False
            Whether nobody needs the slope in the input.

        Returns
        -------
        ndarray of shape (n_rows, n_inputs) or None
            Slope in the input; None if nobody needs it.
        """
        return delta


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
        self._rate = _Rate(dropout, bias.dtype)
        self._whole = _Rate(0.0, bias.dtype)
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
            kernels.moments(X, self._sums, self._products)
            self._learn(self._sums, self._products, len(X))
            self._shift[:] = self._sums
            self._factor[:] = 1.0 / np.sqrt(self._products + self.epsilon)
        else:
            self._shift[:] = self.mean
            self._factor[:] = 1.0 / np.sqrt(self.variance + self.epsilon)
        out = self._buffer("out", X.shape[1], X.dtype)
        self._standard = X
        kernels.normalise(X, self._shift, self._factor, self.scale, out)
        return out

    def _learn(self, mean, variance, n):
        """Move the running averages towards those of a batch."""
        self.statistics[-1] += 1
        share = max(self.momentum, 1.0 / self.statistics[-1])
        self.mean += share * (mean - self.mean)
        # the variance of the population, from that of a sample
        self.variance += share * (variance * (n / max(n - 1, 1)) - self.variance)

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


class Dropout(Layer):
    """Drop inputs of every row, or whole units for all rows of a batch at once.

    Parameters
    ----------
    rate : float
        Fraction that is **dropped**, in [0, 1); the paper's p is what is kept.
    structured : bool, default=False
        Whether a unit is dropped for the whole batch.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import TRAIN, Dropout, RandomSource
    >>> source = RandomSource(np.random.default_rng(0))
    >>> X = Dropout(0.5).forward(np.ones((4, 4)), TRAIN, source)
    >>> sorted(set(X.ravel().tolist()))
    [0.0, 2.0]
    """

    def __init__(self, rate, structured=False):
        _Rate(rate, np.dtype(np.float64))
        self.rate = rate
        self.structured = structured

    def forward(self, X, mode=PREDICT, source=None):
        self._active = self.rate > 0 and mode != PREDICT
        if not self._active:
            return X
        self._used = rate = _Rate(self.rate, X.dtype)
        if issparse(X):
            # zeros stay zeros, whether dropped or not
            values, out = X.data.reshape(1, -1), np.empty((1, X.nnz), dtype=X.dtype)
            bits = source.bits(*values.shape)
            kernels.drop(_read_only(values), bits, rate.threshold, rate.scale, out)
            return type(X)((out[0], X.indices, X.indptr), shape=X.shape)
        self._fit_rows(len(X))
        out = self._buffer("out", X.shape[1], X.dtype)
        if self.structured:
            bits = source.bits(1, X.shape[1])
            self._factor = np.where(bits < rate.threshold, 0, rate.scale)
            return np.multiply(X, self._factor.astype(X.dtype, copy=False), out=out)
        self._bits = source.bits(*X.shape)
        kernels.drop(_read_only(X), self._bits, rate.threshold, rate.scale, out)
        return out

    def backward(self, delta, *, first=False):
        if not self._active or first:
            return delta
        if self.structured:
            delta *= self._factor.astype(delta.dtype, copy=False)
        else:
            rate = self._used
            kernels.drop_in_place(delta, self._bits, rate.threshold, rate.scale)
        return delta


class Noise(Layer):
    """Add noise in training.

    Parameters
    ----------
    noise : callable
        ``noise(X, scale, rng)`` returns a noisy copy of X; one of the additive ones of
        :mod:`sklreg.noise`.
    scale : float
        Its scale.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import Noise
    >>> from sklreg.noise import gaussian
    >>> Noise(gaussian, 0.1).forward(np.ones((1, 2)))
    array([[1., 1.]])
    """

    def __init__(self, noise, scale):
        self.noise = noise
        self.scale = scale

    def forward(self, X, mode=PREDICT, source=None):
        return self.noise(X, self.scale, source.rng) if mode == TRAIN else X


class Residual(Layer):
    """A block beside a way past it, ``x + F(x)``, that training may leave out.

    With stochastic depth (Huang et al., 2016) the block is dropped for a whole batch
    at a time: then it is the identity. When it is kept, F is divided by ``1 - rate``.

    Parameters
    ----------
    block : Layer
        The block F, with as many outputs as inputs. Its first layer must not
        overwrite its input.
    rate : float, default=0.0
        Probability that a batch passes it by, in [0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import Dense, Residual
    >>> Residual(Dense(np.eye(2))).forward(np.ones((1, 2)))
    array([[2., 2.]])
    """

    def __init__(self, block, rate=0.0):
        _Rate(rate, np.dtype(np.float64))
        self.block = block
        self.rate = rate

    @property
    def layers(self):
        """The block, as a list."""
        return [self.block]

    def forward(self, X, mode=PREDICT, source=None):
        random = self.rate > 0 and mode != PREDICT
        self.dropped = random and source.rng.random() < self.rate
        if self.dropped:
            return X
        self._factor = 1 / (1 - self.rate) if random else 1.0
        self._fit_rows(len(X))
        out = self._buffer("out", X.shape[1], X.dtype)
        np.multiply(self.block.forward(X, mode, source), self._factor, out=out)
        out += X
        return out

    def backward(self, delta, *, first=False):
        if self.dropped:
            for layer in leaves(self.block):
                if hasattr(layer, "gradient"):
                    layer.gradient[:] = 0
            return delta
        scaled = self._buffer("scaled", delta.shape[1], delta.dtype)
        np.multiply(delta, self._factor, out=scaled)
        back = self.block.backward(scaled)
        back += delta
        return back


class Sequential(Layer):
    """Layers one after the other.

    Parameters
    ----------
    layers : list of Layer
        The first one's input is the batch.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import Activation, Dense, Sequential
    >>> net = Sequential([Dense(np.eye(2)), Activation("relu", np.zeros(2))])
    >>> net.forward(np.array([[1.0, -1.0]]))
    array([[1., 0.]])
    """

    def __init__(self, layers):
        self.layers = layers

    def forward(self, X, mode=PREDICT, source=None):
        for layer in self.layers:
            X = layer.forward(X, mode, source)
        return X

    def backward(self, delta, *, first=False):
        bottom = self.layers[0]
        for layer in reversed(self.layers):
            delta = layer.backward(delta, first=first and layer is bottom)
        return delta


def leaves(layer):
    """Yield the layers that hold no others."""
    inner = getattr(layer, "layers", None)
    if inner is None:
        yield layer
        return
    for part in inner:
        yield from leaves(part)


def _csr(X):
    return _read_only(X.data), _read_only(X.indices), _read_only(X.indptr)


def _read_only(array):
    # read-only arrays are a type of their own to numba: always pass that one
    view = array.view()
    view.flags.writeable = False
    return view
