"""What layers share: modes, buffers, random numbers."""

import numpy as np

from sklreg import _layers_kernels as kernels

PREDICT, SAMPLE, TRAIN = range(3)

# An epoch has batches of two lengths at most.
_LENGTHS_KEPT = 4
# The words of a layer that drops nothing.
NO_WORDS = np.empty(0, dtype=np.uint64)


class RandomSource:
    """Random numbers for the layers of one network.

    What is dropped is drawn by a key, which is all that the compiled passes need: the
    words of a key follow from their number (:mod:`sklreg._random_kernels`).

    Parameters
    ----------
    rng : Generator
        Source of randomness; it gives the key, and then what is drawn once a batch.

    Attributes
    ----------
    key : ndarray of uint64 of shape (2,)
        Where the next random word starts, and how far words step.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import TRAIN, Dropout, RandomSource
    >>> source = RandomSource(np.random.default_rng(0))
    >>> Dropout(0.5).forward(np.ones((2, 3)), TRAIN, source).shape
    (2, 3)
    """

    def __init__(self, rng):
        self.rng = rng
        self.key = rng.integers(0, 1 << 64, size=2, dtype=np.uint64)
        self.key[1] |= np.uint64(1)  # an odd step meets every number


class SparseRows:
    """CSR rows in arrays that are kept: a matrix without its checks.

    The arrays may be longer than what `indptr` says is in them.
    """

    __slots__ = ("data", "indices", "indptr", "shape")

    def __init__(self, data, indices, indptr, shape):
        self.data = data
        self.indices = indices
        self.indptr = indptr
        self.shape = shape

    @property
    def dtype(self):
        """Type of the values."""
        return self.data.dtype


class Rate:
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

    Attributes
    ----------
    gradients : tuple of ndarray
        Where ``backward`` writes the slopes in the layer's parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import Layer
    >>> Layer().forward(np.ones((1, 2)))
    array([[1., 1.]])
    """

    gradients = ()
    _n_rows = -1
    _capacity = -1

    def _fit_rows(self, n_rows):
        """Make the buffers fit a batch of `n_rows` rows."""
        if n_rows == self._n_rows:
            return
        if n_rows > self._capacity:
            self._capacity = n_rows
            self._buffers, self._views_of = {}, {}
        elif len(self._views_of) == _LENGTHS_KEPT:
            self._views_of = {}
        self._n_rows = n_rows
        self._views = self._views_of.setdefault(n_rows, {})

    def _buffer(self, name, n_columns, dtype):
        """Return the buffer of this name, made when it is first asked for."""
        view = self._views.get(name)
        if view is None:
            if name not in self._buffers:
                self._buffers[name] = np.empty((self._capacity, n_columns), dtype)
            view = self._views[name] = self._buffers[name][: self._n_rows]
        return view

    def _drawn_words(self, n_columns, key, *, one_row=False):
        """Return random words, 16 bits of them for each number, in a buffer."""
        view = self._views.get("words")
        if view is None:
            if "words" not in self._buffers:
                n_words = -(-self._capacity * n_columns // 4)
                self._buffers["words"] = np.empty(n_words, np.uint64)
            n_words = -(-self._n_rows * n_columns // 4)
            view = self._views["words"] = self._buffers["words"][:n_words]
        if one_row:
            view = view[: -(-n_columns // 4)]
        kernels.draw_words(view, key)
        return view

    def forward(self, X, mode=PREDICT, source=None):
        """Return the output of a batch.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_inputs)
            Input; that of the first layer may be a CSR matrix, or SparseRows.
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
