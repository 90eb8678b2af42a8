"""Batches of a training set: their rows gathered, mixed and made noisy.

All of it goes into arrays that are made once: but for a few numbers a row, which the
mixing of rows draws, no batch takes memory of its own.
"""

import numpy as np
from scipy.sparse import issparse

from sklreg._views import read_only
from sklreg.layers import SparseRows
from sklreg.mixing import box_share, cutmix, draw_boxes, draw_weights, mixup
from sklreg.noise import NOISES
from sklreg.solvers import _network_kernels as kernels

__all__ = ["Augmentation", "Batches"]


class Batches:
    """The rows of a training set, some at a time.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), C order, or CSR matrix
        Samples.
    Y : ndarray of shape (n_samples, n_outputs)
        Targets.
    sample_weight : ndarray of float64 of shape (n_samples,) or None
        Weights.
    batch_size : int
        Rows of a batch; the last one may have fewer.
    order : RandomState or None
        Shuffles the rows, if given.
    least : int, default=1
        Rows that a last batch must have not to be joined to the one before.

    Attributes
    ----------
    bounds : list of tuple of int
        First row and end of each batch.
    longest : int
        Rows of the longest batch.
    """

    def __init__(self, X, Y, sample_weight, batch_size, order, least=1):
        n = X.shape[0]
        self.X = X
        self.Y = Y
        self.sample_weight = sample_weight
        self._order = order
        starts = list(range(0, n, batch_size))
        if len(starts) > 1 and n - starts[-1] < least:
            starts.pop()
        self.bounds = list(zip(starts, [*starts[1:], n], strict=True))
        self.longest = max(stop - start for start, stop in self.bounds)
        self._sparse = issparse(X)
        self._unweighted = np.empty(0)
        if order is None and not self._sparse:
            return
        self._rows = np.arange(n)
        if self._sparse:
            self._csr = tuple(map(read_only, (X.data, X.indices, X.indptr)))
        room = self._room_for_rows if self._sparse else self._room
        self._rooms = {
            "X": room(X),
            "Y": self._room(Y),
            "weight": None if sample_weight is None else self._room(sample_weight),
        }
        lengths = {stop - start for start, stop in self.bounds}  # two at most
        self._cuts = {length: self._cut(length) for length in lengths}

    def __len__(self):
        return self.X.shape[0]

    def _room(self, values):
        return np.empty((self.longest, *values.shape[1:]), dtype=values.dtype)

    def _room_for_rows(self, X):
        """Return arrays for the longest rows there are."""
        lengths = np.partition(np.diff(X.indptr), len(self) - self.longest)
        most = int(lengths[-self.longest :].sum())
        indptr = np.empty(self.longest + 1, dtype=X.indptr.dtype)
        return np.empty(most, X.dtype), np.empty(most, X.indices.dtype), indptr

    def _cut(self, n):
        """Return the first `n` rows of what batches are gathered into."""
        X, Y, weight = self._rooms["X"], self._rooms["Y"], self._rooms["weight"]
        if self._sparse:
            data, indices, indptr = X
            X = SparseRows(data, indices, indptr[: n + 1], (n, self.X.shape[1]))
        else:
            X = X[:n]
        return X, Y[:n], self._unweighted if weight is None else weight[:n]

    def shuffle(self):
        """Draw a new order of the rows, as scikit-learn does."""
        if self._order is not None:
            drawn = np.arange(len(self))
            self._order.shuffle(drawn)
            self._rows = self._rows[drawn]

    def take(self, start, stop):
        """Return samples, targets and weights of a batch, valid until the next call.

        Weights are an empty array if there are none.
        """
        if self._order is None and not self._sparse:
            weight = self._unweighted
            if self.sample_weight is not None:
                weight = self.sample_weight[start:stop]
            return self.X[start:stop], self.Y[start:stop], weight
        rows = self._rows[start:stop]
        X, Y, weight = self._cuts[stop - start]
        if self._sparse:
            kernels.gather_rows(*self._csr, rows, X.data, X.indices, X.indptr)
        else:
            # "clip" writes to the buffer itself; no row number is out of bounds
            np.take(self.X, rows, 0, X, "clip")
        np.take(self.Y, rows, 0, Y, "clip")
        if weight.size:
            np.take(self.sample_weight, rows, 0, weight, "clip")
        return X, Y, weight


class Augmentation:
    """Mixes the rows of one batch after another, then adds noise.

    Parameters
    ----------
    regularization : Regularization
        What is done.
    longest : int
        Rows of the longest batch.
    rng : Generator
        Source of randomness.
    """

    def __init__(self, regularization, longest, rng):
        self.rng = rng
        self._longest = longest
        self._rooms = {}
        self._shape = regularization.image_shape
        self._noise = regularization.input_noise
        self._mixes = [
            (kind, alpha)
            for kind, alpha in (
                (self._mixup, regularization.mixup_alpha),
                (self._cutmix, regularization.cutmix_alpha),
            )
            if alpha
        ]

    def _room(self, name, shape, dtype):
        """Return the array of this name, made when it is first asked for."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = np.empty((self._longest, *shape[1:]), dtype)
        return room[: shape[0]]

    def __call__(self, X, Y, weight):
        """Return samples, targets and weights as they are trained on.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features) or SparseRows
            Samples; sparse ones become dense.
        Y : ndarray of shape (n_rows, n_outputs)
            Targets.
        weight : ndarray of shape (n_rows,) or (0,)
            Weights.

        Returns
        -------
        tuple of ndarray
            The same three, valid until the next call.
        """
        if isinstance(X, SparseRows):
            rows, X = X, self._room("dense", X.shape, X.dtype)
            kernels.expand_rows(
                *map(read_only, (rows.data, rows.indices, rows.indptr)), X
            )
        if self._mixes and len(X) > 1:
            mixes = self._mixes
            which = int(self.rng.integers(2)) if len(mixes) == 2 else 0
            mix, alpha = mixes[which]
            X, Y, weight = mix(X, Y, weight, alpha)
        if self._noise:
            kind, scale = self._noise
            noisy = self._room("noisy", X.shape, X.dtype)
            X = NOISES[kind](X, scale, self.rng, noisy)
        return X, Y, weight

    def _partners(self, n):
        partners = self._room("partners", (n,), np.int64)
        partners[:] = np.arange(n)
        self.rng.shuffle(partners)
        return partners

    def _mixup(self, X, Y, weight, alpha):
        partners = self._partners(len(X))
        share = draw_weights(len(X), alpha, self.rng)
        mixed = mixup(X, partners, share, out=self._room("mixed", X.shape, X.dtype))
        return mixed, *self._blend(Y, weight, partners, share)

    def _cutmix(self, X, Y, weight, alpha):
        n, shape = len(X), self._shape
        partners = self._partners(n)
        kept = draw_weights(n, alpha, self.rng)
        sides = [np.rint(length * np.sqrt(1 - kept)).astype(int) for length in shape]
        boxes = draw_boxes(n, shape, sides[0], sides[1], self.rng)
        mixed = self._room("mixed", X.shape, X.dtype)
        cutmix(X, partners, boxes, shape, out=mixed)
        share = 1 - box_share(boxes, shape)
        return mixed, *self._blend(Y, weight, partners, share)

    def _blend(self, Y, weight, partners, share):
        """Mix targets; a row that weighs more has more of a say in the mixture."""
        total = weight
        if weight.size:
            own, other = share * weight, (1 - share) * weight[partners]
            total = own + other
            share = np.divide(own, total, out=np.ones_like(own), where=total > 0)
            share = np.clip(share, 0, 1)
        room = self._room("targets", Y.shape, Y.dtype)
        return mixup(Y, partners, share, out=room), total
