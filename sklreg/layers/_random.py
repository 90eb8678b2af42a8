"""Layers that drop, and layers that add noise."""

import numpy as np

from sklreg import _layers_kernels as kernels
from sklreg._views import read_only
from sklreg.layers._base import PREDICT, TRAIN, Layer, Rate, SparseRows


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
        self._used = None

    def forward(self, X, mode=PREDICT, source=None):
        self._active = self.rate > 0 and mode != PREDICT
        if not self._active:
            return X
        if self._used is None or self._used.scale.dtype != X.dtype:
            self._used = Rate(self.rate, X.dtype)
        if not isinstance(X, np.ndarray):
            return self._drop_values(X, source)
        self._fit_rows(len(X))
        out = self._buffer("out", X.shape[1], X.dtype)
        self._drawn = self._drawn_words(X.shape[1], source.key, one_row=self.structured)
        self._apply(X, out)
        return out

    def _apply(self, X, out):
        drop = kernels.drop_columns if self.structured else kernels.drop
        rate = self._used
        drop(read_only(X), self._drawn, rate.threshold, rate.scale, out)

    def _drop_values(self, X, source):
        # zeros stay zeros, whether dropped or not
        rate, n_stored = self._used, int(X.indptr[-1])
        self._fit_rows(len(X.data))
        out = self._buffer("out", 1, X.dtype).reshape(-1)
        words = self._drawn_words(1, source.key)
        values, kept = X.data[None, :n_stored], out[None, :n_stored]
        kernels.drop(read_only(values), words, rate.threshold, rate.scale, kept)
        return SparseRows(out, X.indices, X.indptr, X.shape)

    def backward(self, delta, *, first=False):
        if self._active and not first:
            self._apply(delta, delta)
        return delta


class Noise(Layer):
    """Add noise in training.

    Parameters
    ----------
    noise : callable
        ``noise(X, scale, rng, out)`` writes a noisy copy of X to `out` and returns it;
        one of the additive ones of :mod:`sklreg.noise`.
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
        if mode != TRAIN:
            return X
        self._fit_rows(len(X))
        out = self._buffer("out", X.shape[1], X.dtype)
        return self.noise(X, self.scale, source.rng, out)
