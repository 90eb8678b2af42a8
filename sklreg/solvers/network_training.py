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

from sklreg.layers import TRAIN
from sklreg.noise import NOISES
from sklreg.solvers import _network_kernels as kernels
from sklreg.solvers.network import batch_loss
from sklreg.solvers.network_batches import Augmentation, Batches

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
    def augments(self):
        """Whether batches are not trained on as they are."""
        return bool(self.input_noise or self.mixup_alpha or self.cutmix_alpha)

    @property
    def random(self):
        """Whether anything is drawn."""
        return bool(self.augments or self.weight_noise or self.gradient_noise)


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
        self.loss = loss
        self.optimizer = optimizer
        self.regularization = regularization
        self.source = source
        # no variance in a single row: under batch norm it joins the batch before
        least = 2 if network.norms else 1
        self.batches = Batches(X, Y, sample_weight, batch_size, order, least)
        self._augment = None
        if regularization.augments:
            self._augment = Augmentation(
                regularization, self.batches.longest, source.rng
            )
        self._weights = network.theta[: network.n_weights]
        self._slopes = network.slope[: network.n_weights]
        if regularization.weight_noise:
            self._clean = np.empty_like(self._weights)
        self._shapes = np.array([coef.shape for coef in network.coefs])
        self._norms = np.empty(self._shapes[:, 1].max())
        # below 1 by more than the norm can gain by rounding
        self._slack = 1.0 - 8.0 * np.finfo(network.theta.dtype).eps
        self.largest_norm = 0.0

    def epoch(self):
        """Take a step for each batch; return the mean loss before the steps."""
        self.batches.shuffle()
        self.largest_norm = 0.0
        loss = 0.0
        with np.errstate(over="ignore", invalid="ignore"):  # it has an error of its own
            for start, stop in self.batches.bounds:
                loss += (stop - start) * self._step(start, stop)
        return loss / len(self.batches)

    def _step(self, start, stop):
        X, Y, weight = self.batches.take(start, stop)
        total = float(weight.sum()) if weight.size else float(stop - start)
        if total == 0:
            return 0.0
        regularization, network = self.regularization, self.network
        if self._augment is not None:
            X, Y, weight = self._augment(X, Y, weight)
        if regularization.weight_noise:
            self._clean[:] = self._weights
            self._add_noise(regularization.weight_noise, self._clean, self._weights)
        raw = network.forward(X, TRAIN, self.source)
        loss = batch_loss(self.loss, raw, Y, weight, total)
        if self.loss == "squared_error":
            loss /= Y.shape[1]  # as scikit-learn reports it
        network.backward(raw)
        if regularization.weight_noise:
            self._weights[:] = self._clean
        if regularization.gradient_noise:
            self._add_noise(regularization.gradient_noise, self._slopes, self._slopes)
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
            norm = kernels.project(
                self._weights,
                self._shapes,
                regularization.max_norm,
                self._slack,
                self._norms,
            )
            self.largest_norm = max(self.largest_norm, norm)
        return loss + 0.5 * l2 * squares + l1 * sizes

    def _add_noise(self, noise, values, out):
        kind, scale = noise
        NOISES[kind](values, scale, self.source.rng, out)


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
            n_seen += len(training.batches)
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
