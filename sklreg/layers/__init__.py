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

from sklreg import _layers_kernels
from sklreg.layers._base import PREDICT as PREDICT
from sklreg.layers._base import SAMPLE as SAMPLE
from sklreg.layers._base import TRAIN as TRAIN
from sklreg.layers._base import Layer, RandomSource
from sklreg.layers._base import SparseRows as SparseRows
from sklreg.layers._composed import Residual, Sequential
from sklreg.layers._norm import BatchNorm, RectifiedNorm
from sklreg.layers._random import Dropout, Noise
from sklreg.layers._units import Activation, Dense

__all__ = [
    "Activation",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Layer",
    "Noise",
    "RandomSource",
    "RectifiedNorm",
    "Residual",
    "Sequential",
]

ACTIVATIONS = tuple(_layers_kernels.FUNCTIONS)
