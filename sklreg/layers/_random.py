"""Layers that drop, and layers that add noise."""

import numpy as np

from sklreg import _layers_kernels as kernels
from sklreg.layers._base import PREDICT, TRAIN, Layer, Rate, SparseRows, read_only


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
        sparse = not isinstance(X, np.ndarray)
        n_rows, n_columns = (len(X.data), 1) if sparse else X.shape
        self._fit_rows(n_rows)
        out, words = self._buffer("out", n_columns, X.dtype), self._words(n_columns)
        if sparse:  # zeros stay zeros, whether dropped or not
            out, n_stored = out.reshape(-1), int(X.indptr[-1])
            self._drop(X.data[None, :n_stored], source, words, out[None, :n_stored])
            return SparseRows(out, X.indices, X.indptr, X.shape)
        self._drop(X, source, words, out)
        return out

    def _drop(self, X, source, words, out):
        if self.structured:
            words = words[: -(-X.shape[1] // 4)]
        kernels.draw_words(words, source.key)
        self._drawn = words
        self._apply(X, out)

    def _apply(self, X, out):
        apply = kernels.drop_columns if self.structured else kernels.drop
        rate = self._used
        apply(read_only(X), self._drawn, rate.threshold, rate.scale, out)

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
