"""Batch norm, alone and with the rectifier that follows it."""

import numpy as np

from sklreg import _layers_kernels as kernels
from sklreg.layers._base import NO_WORDS, PREDICT, TRAIN, Layer, Rate


class BatchNorm(Layer):
    r"""Standardise each unit over the batch, then scale it (Ioffe & Szegedy, 2015).

    :math:`\gamma (z - \mu) / \sqrt{\sigma^2 + \epsilon}` with mean and variance of the
    batch in training; in prediction with their running averages, to which a batch adds
    a share of `momentum` (the first ones more: their plain average). The shift
    :math:`\beta` is the bias of the :class:`Activation` that follows. Overwrites its
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
        self.gradients = (self.gradient,)
        if statistics is None:
            statistics = np.concatenate([np.zeros(m), np.ones(m), [0.0]])
        self.statistics = statistics
        self.mean, self.variance = statistics[:m], statistics[m : 2 * m]
        self.momentum = momentum
        self.epsilon = epsilon
        self._moments = np.empty((2, m))
        self._work = np.empty((kernels.N_ROWS_OF_WORK, m), dtype=scale.dtype)
        self._unrectified = np.empty((0, m), dtype=scale.dtype)
        self._one = scale.dtype.type(1)
        self._sums = np.empty_like(scale)

    def _take_moments(self, X, mode):
        """Have the next pass standardise by the batch, or by the running averages."""
        if mode == TRAIN:
            kernels.learn_moments(
                X,
                self.statistics,
                self.momentum,
                self.epsilon,
                self._work,
                self._moments,
            )
        else:
            self._work[kernels.SHIFT] = self.mean
            self._work[kernels.FACTOR] = 1.0 / np.sqrt(self.variance + self.epsilon)

    def forward(self, X, mode=PREDICT, source=None):
        self._take_moments(X, mode)
        self._fit_rows(len(X))
        out = self._buffer("out", X.shape[1], X.dtype)
        self._input = X
        kernels.normalise(X, self._work, self.scale, out)
        return out

    def backward(self, delta, *, first=False):
        kernels.normalise_backward(
            self._input,
            self._unrectified,
            self._work,
            self.scale,
            self._one,
            delta,
            self._moments,
            self.gradient,
            self._sums,
        )
        return delta


class RectifiedNorm(BatchNorm):
    """Batch norm, bias, rectifier and dropout of a layer of units, in one pass.

    The same as a :class:`BatchNorm` and an :class:`Activation` of 'relu' after it.

    Parameters
    ----------
    scale, bias : ndarray of shape (n_units,)
        Scale and shift of the standardised units.
    gradient, bias_gradient : ndarray of shape (n_units,), default=None
        Where ``backward`` writes their slopes.
    statistics : ndarray of float64 of shape (2 * n_units + 1,), default=None
        As in :class:`BatchNorm`.
    dropout : float, default=0.0
        Fraction of the outputs that are dropped, in [0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.layers import TRAIN, RectifiedNorm
    >>> layer = RectifiedNorm(np.ones(1), np.zeros(1))
    >>> layer.forward(np.array([[1.0], [3.0]]), TRAIN).round(3)
    array([[0.],
           [1.]])
    """

    def __init__(
        self,
        scale,
        bias,
        gradient=None,
        bias_gradient=None,
        statistics=None,
        dropout=0.0,
    ):
        super().__init__(scale, gradient, statistics)
        self.bias = bias
        self.bias_gradient = (
            np.empty_like(bias) if bias_gradient is None else bias_gradient
        )
        self.gradients = (self.gradient, self.bias_gradient)
        self.dropout = dropout
        self._rate = Rate(dropout, bias.dtype)
        self._whole = Rate(0.0, bias.dtype)

    def forward(self, X, mode=PREDICT, source=None):
        self._fit_rows(len(X))
        out = self._buffer("out", X.shape[1], X.dtype)
        rate, words = self._whole, NO_WORDS
        if self.dropout > 0 and mode != PREDICT:
            rate, words = self._rate, self._drawn_words(X.shape[1], source.key)
        self._input, self._output, self._used = X, out, rate
        self._take_moments(X, mode)
        kernels.normalise_rectify(
            X,
            self._work,
            self.scale,
            self.bias,
            words,
            rate.threshold,
            rate.scale,
            out,
        )
        return out

    def backward(self, delta, *, first=False):
        kernels.normalise_backward(
            self._input,
            self._output,
            self._work,
            self.scale,
            self._used.scale,
            delta,
            self._moments,
            self.gradient,
            self.bias_gradient,
        )
        return delta
