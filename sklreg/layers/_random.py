"""Layers that drop, and layers that add noise."""

import numpy as np
from scipy.sparse import issparse

from sklreg import _layers_kernels as kernels
from sklreg.layers._base import PREDICT, TRAIN, Layer, Rate, read_only


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
        Rate(rate, np.dtype(np.float64))
        self.rate = rate
        self.structured = structured

    def forward(self, X, mode=PREDICT, source=None):
        self._active = self.rate > 0 and mode != PREDICT
        if not self._active:
            return X
        self._used = rate = Rate(self.rate, X.dtype)
        if issparse(X):
            # zeros stay zeros, whether dropped or not
            values, out = X.data.reshape(1, -1), np.empty((1, X.nnz), dtype=X.dtype)
            bits = source.bits(*values.shape)
            kernels.drop(read_only(values), bits, rate.threshold, rate.scale, out)
            return type(X)((out[0], X.indices, X.indptr), shape=X.shape)
        self._fit_rows(len(X))
        out = self._buffer("out", X.shape[1], X.dtype)
        if self.structured:
            bits = source.bits(1, X.shape[1])
            self._factor = np.where(bits < rate.threshold, 0, rate.scale)
            return np.multiply(X, self._factor.astype(X.dtype, copy=False), out=out)
        self._bits = source.bits(*X.shape)
        kernels.drop(read_only(X), self._bits, rate.threshold, rate.scale, out)
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
