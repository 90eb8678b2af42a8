"""Layers that hold others."""

import numpy as np

from sklreg.layers._base import PREDICT, Layer, Rate


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
        Rate(rate, np.dtype(np.float64))
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
                for gradient in layer.gradients:
                    gradient.fill(0)
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
