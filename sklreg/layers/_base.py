"""What layers share: modes, buffers, random numbers."""

import numpy as np

PREDICT, SAMPLE, TRAIN = range(3)

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
        """Return random 16-bit numbers.

        Parameters
        ----------
        n_rows, n_columns : int
            Shape.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            A view of the block at hand: to be used before the next draw.
        """
        size = n_rows * n_columns
        start = self._taken
        if start + size > self._block.size:
            n_words = -(-max(size, _BITS_AT_ONCE) // 4)
            words = self.rng.integers(0, 1 << 64, size=n_words, dtype=np.uint64)
            self._block = words.view(np.uint16)
            start = 0
        self._taken = start + size
        return self._block[start : start + size].reshape(n_rows, n_columns)


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


def read_only(array):
    # read-only arrays are a type of their own to numba: always pass that one
    view = array.view()
    view.flags.writeable = False
    return view
