"""Training of a network: the stochastic loop, and L-BFGS.

A step, in this order: augment the batch (mixup or CutMix, then input noise; the network
drops inputs itself), perturb the weights, forward and backward, weights back, gradient
noise, optimiser step with the penalty, norm constraint. After each epoch the noiseless
validation score, early stopping, and at the end the best state, the running statistics
of batch norm included.
"""

import math
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import issparse

from sklreg.layers import TRAIN
from sklreg.mixing import box_share, cutmix, draw_boxes, draw_weights, mixup
from sklreg.noise import NOISES
from sklreg.solvers import _network_kernels as kernels
from sklreg.solvers.network import batch_loss

__all__ = ["Regularization", "Training", "lbfgs", "train"]


@dataclass(frozen=True)
class Regularization:
    """What is done to batches, weights and slopes.

    `l2` and `l1` are divided by the weight of a batch. A noise is a pair of a name in
    :data:`sklreg.noise.NOISES` and its scale, or None.
    """

    l2: float = 0.0
    l1: float = 0.0
    decoupled: bool = False
    max_norm: float | None = None
    weight_noise: tuple | None = None
    gradient_noise: tuple | None = None
    input_noise: tuple | None = None
    mixup_alpha: float = 0.0
    cutmix_alpha: float = 0.0
    image_shape: tuple | None = None

    @property
    def random(self):
        """Whether anything is drawn."""
        return bool(
            self.weight_noise
            or self.gradient_noise
            or self.input_noise
            or self.mixup_alpha
            or self.cutmix_alpha
        )


class Training:
    """Epochs of steps over the rows of a training set.

    Parameters
    ----------
    network : Network
        What is trained, in place.
    X : ndarray of shape (n_samples, n_features), C order, or CSR matrix
        Samples, in the dtype of the network.
    Y : ndarray of shape (n_samples, n_outputs)
        Targets in the terms of the loss, in the same dtype.
    sample_weight : ndarray of float64 of shape (n_samples,) or None
        Weights.
    loss : str
        Name of the loss.
    optimizer : NetworkSGD or NetworkAdam
        Takes the steps.
    regularization : Regularization
        What is done on the way.
    batch_size : int
        Rows a step.
    order : RandomState or None
        Shuffles the rows before every epoch, if given.
    source : RandomSource or None
        Everything else that is random.
    """

    def __init__(
        self,
        network,
        X,
        Y,
        sample_weight,
        *,
        loss,
        optimizer,
        regularization,
        batch_size,
        order,
        source,
    ):
        self.network = network
        self.X = X if issparse(X) else np.asarray(X)
        self.Y = Y
        self.sample_weight = sample_weight
        self.loss = loss
        self.optimizer = optimizer
        self.regularization = regularization
        self.source = source
        self._order = order
        self._rows = np.arange(X.shape[0])
        self._bounds = self._batches(X.shape[0], batch_size)
        longest = max(stop - start for start, stop in self._bounds)
        dtype = network.theta.dtype
        if not issparse(X):
            self._X = np.empty((longest, X.shape[1]), dtype=dtype)
        self._Y = np.empty((longest, Y.shape[1]), dtype=dtype)
        self._unweighted = np.empty(0)
        self._norms = np.empty(max(network.architecture.sizes[1:]))
        self._weights = network.theta[: network.n_weights]
        if regularization.weight_noise:
            self._clean = np.empty_like(self._weights)
        # below 1 by more than the norm can gain by rounding
        self._slack = 1.0 - 8.0 * np.finfo(dtype).eps
        self.largest_norm = 0.0

    def _batches(self, n, batch_size):
        starts = list(range(0, n, batch_size))
        if self.network.norms and len(starts) > 1 and n - starts[-1] == 1:
            starts.pop()  # no variance in a single row: it joins the batch before
        return list(zip(starts, [*starts[1:], n], strict=True))

    def epoch(self):
        """Take a step for each batch; return the mean loss before the steps."""
        n = len(self._rows)
        if self._order is not None:
            shuffling = np.arange(n)
            self._order.shuffle(shuffling)
            self._rows = self._rows[shuffling]
        self.largest_norm = 0.0
        loss = 0.0
        with np.errstate(over="ignore", invalid="ignore"):  # it has an error of its own
            for start, stop in self._bounds:
                loss += (stop - start) * self._step(start, stop)
        return loss / n

    def _step(self, start, stop):
        X, Y, weight = self._batch(start, stop)
        total = float(weight.sum()) if weight.size else float(stop - start)
        if total == 0:
            return 0.0
        regularization, network = self.regularization, self.network
        if regularization.random:
            X, Y, weight = self._augmented(X, Y, weight)
        if regularization.weight_noise:
            self._clean[:] = self._weights
            self._weights[:] = self._noisy(self._weights, regularization.weight_noise)
        raw = network.forward(X, TRAIN, self.source)
        loss = batch_loss(self.loss, raw, Y, weight, total)
        if self.loss == "squared_error":
            loss /= Y.shape[1]  # as scikit-learn reports it
        network.backward(raw)
        if regularization.weight_noise:
            self._weights[:] = self._clean
        if regularization.gradient_noise:
            slope = network.slope[: network.n_weights]
            slope[:] = self._noisy(slope, regularization.gradient_noise)
        l2, l1 = regularization.l2 / total, regularization.l1 / total
        squares, sizes = self.optimizer.step(
            network.theta,
            network.slope,
            network.n_weights,
            l2,
            l1,
            regularization.decoupled,
        )
        if regularization.max_norm is not None:
            self._project(regularization.max_norm)
        return loss + 0.5 * l2 * squares + l1 * sizes

    def _batch(self, start, stop):
        """Return the rows of a batch; gathered ones are in buffers."""
        n = stop - start
        if self._order is None:
            weight = self._unweighted
            if self.sample_weight is not None:
                weight = self.sample_weight[start:stop]
            return self.X[start:stop], self.Y[start:stop], weight
        rows = self._rows[start:stop]
        weight = self._unweighted
        if self.sample_weight is not None:
            weight = self.sample_weight[rows]
        if issparse(self.X):
            X = self.X[rows]
        else:
            # "clip" writes to the buffer itself; no row number is out of bounds
            X = np.take(self.X, rows, 0, self._X[:n], "clip")
        return X, np.take(self.Y, rows, 0, self._Y[:n], "clip"), weight

    def _augmented(self, X, Y, weight):
        regularization, rng = self.regularization, None
        if self.source is not None:
            rng = self.source.rng
        mixes = [
            kind
            for kind, alpha in (
                (self._mixup, regularization.mixup_alpha),
                (self._cutmix, regularization.cutmix_alpha),
            )
            if alpha
        ]
        dense = bool(mixes) or regularization.input_noise
        if issparse(X) and dense:
            X = X.toarray()
        if mixes and X.shape[0] > 1:
            mix = mixes[0] if len(mixes) == 1 else mixes[int(rng.integers(2))]
            X, Y, weight = mix(X, Y, weight, rng)
        if regularization.input_noise:
            X = self._noisy(X, regularization.input_noise)
        return X, Y, weight

    def _mixup(self, X, Y, weight, rng):
        partners = rng.permutation(X.shape[0])
        share = draw_weights(X.shape[0], self.regularization.mixup_alpha, rng)
        return mixup(X, partners, share), *self._blend(Y, weight, partners, share)

    def _cutmix(self, X, Y, weight, rng):
        n, shape = X.shape[0], self.regularization.image_shape
        partners = rng.permutation(n)
        kept = draw_weights(n, self.regularization.cutmix_alpha, rng)
        sides = [np.rint(length * np.sqrt(1 - kept)).astype(int) for length in shape]
        boxes = draw_boxes(n, shape, sides[0], sides[1], rng)
        share = 1 - box_share(boxes, shape)
        return cutmix(X, partners, boxes, shape), *self._blend(
            Y, weight, partners, share
        )

    @staticmethod
    def _blend(Y, weight, partners, share):
        """Mix targets; a row that weighs more has more of a say in the mixture."""
        if not weight.size:
            return mixup(Y, partners, share), weight
        own, other = share * weight, (1 - share) * weight[partners]
        total = own + other
        share = np.divide(own, total, out=np.ones_like(own), where=total > 0)
        return mixup(Y, partners, np.clip(share, 0, 1)), total

    def _noisy(self, values, noise):
        kind, scale = noise
        return NOISES[kind](values, scale, self.source.rng)

    def _project(self, radius):
        for coef in self.network.coefs:
            norm = kernels.project(
                coef, radius, self._slack, self._norms[: coef.shape[1]]
            )
            self.largest_norm = max(self.largest_norm, norm)


def train(
    training, *, max_iter, stopper, n_seen=0, judge=None, begin_epoch=None, end_epoch
):
    """Run epochs until something ends them; return what, and the samples seen.

    Parameters
    ----------
    training : Training
        What runs an epoch.
    max_iter : int
        Largest number of epochs.
    stopper : EarlyStopping
        Judges the validation score if `judge` is the one to stop by, else minus the
        training loss.
    n_seen : int, default=0
        Samples seen before.
    judge : callable, default=None
        ``judge()`` returns the validation score to stop by.
    begin_epoch : callable, default=None
        ``begin_epoch()`` is called before each epoch.
    end_epoch : callable
        ``end_epoch(loss, seconds)`` is called after it; returns whether to stop.

    Returns
    -------
    reason : str
        'max_iter', 'training_loss', 'early_stopping', 'callback', 'interrupted' or
        'non_finite': the loss, a weight or the score overflowed, and the network is
        back in its state after the last epoch where they had not.
    n_seen : int
        Samples seen, over all calls.
    """
    network, optimizer = training.network, training.optimizer
    finite = network.state()
    try:
        for _ in range(max_iter):
            if begin_epoch is not None:
                begin_epoch()
            start = perf_counter()
            loss = training.epoch()
            seconds = perf_counter() - start
            n_seen += len(training.Y)
            if not (math.isfinite(loss) and np.isfinite(network.theta).all()):
                network.restore(finite)
                return "non_finite", n_seen
            score = -loss
            if judge is not None:
                score = judge()
                if not math.isfinite(score):
                    network.restore(finite)
                    return "non_finite", n_seen
            finite[0][:], finite[1][:] = network.theta, network.statistics
            stale = stopper.update(score, network.state if judge else _nothing)
            stop = end_epoch(loss, seconds)
            optimizer.epoch_ends(n_seen)
            if stale:
                if not optimizer.cut_rate():
                    return "early_stopping" if judge else "training_loss", n_seen
                stopper.be_patient_again()
            if stop:
                return "callback", n_seen
    except KeyboardInterrupt:
        return "interrupted", n_seen
    return "max_iter", n_seen


def _nothing():
    return None


def lbfgs(network, X, Y, sample_weight, *, loss, l2, options, end_iteration):
    """Minimise the objective over all rows at once by L-BFGS; return SciPy's result.

    Parameters
    ----------
    network : Network
        What is trained, in place.
    X : ndarray of shape (n_samples, n_features) or CSR matrix
        Samples.
    Y : ndarray of shape (n_samples, n_outputs)
        Targets in the terms of the loss.
    sample_weight : ndarray of float64 of shape (n_samples,) or None
        Weights.
    loss : str
        Name of the loss.
    l2 : float
        Strength of the penalty, divided by the weight of all rows.
    options : dict
        ``maxfun``, ``maxiter`` and ``gtol`` of :func:`scipy.optimize.minimize`.
    end_iteration : callable
        ``end_iteration(loss, seconds)`` is called after each iteration.

    Returns
    -------
    OptimizeResult
        The result. Its ``fun`` is the objective as it was minimised: the squared error
        summed, not averaged, over several outputs.
    """
    weight = np.empty(0) if sample_weight is None else sample_weight
    total = float(weight.sum()) if weight.size else float(len(Y))
    weights = network.theta[: network.n_weights]

    def objective(theta):
        network.theta[:] = theta
        raw = network.forward(X, TRAIN, None)
        value = batch_loss(loss, raw, Y, weight, total)
        network.backward(raw)
        slope = network.slope.astype(np.float64)
        slope[: network.n_weights] += l2 / total * theta[: network.n_weights]
        square = float(np.dot(weights, weights))
        return value + 0.5 * l2 / total * square, slope

    last = perf_counter()

    def after(intermediate_result):
        nonlocal last
        now = perf_counter()
        network.theta[:] = intermediate_result.x
        end_iteration(float(intermediate_result.fun), now - last)
        last = now

    found = minimize(
        objective,
        network.theta.astype(np.float64),
        method="L-BFGS-B",
        jac=True,
        options=options,
        callback=after,
    )
    for norm in network.norms:
        norm.statistics[-1] = 0.0  # a single batch: its statistics are the running ones
    objective(found.x)
    return found
