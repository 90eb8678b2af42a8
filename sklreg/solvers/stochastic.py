r"""Stochastic gradient descent on a penalised linear model.

Minimises over weights w and an intercept b

.. math:: \frac1n \sum_i s_i\, L(y_i, x_i^\top w + b) + \alpha
          \left(\frac{1-\rho}{2}\|w\|_2^2 + \rho\|w\|_1\right)

with sample weights s, a loss L, and :math:`\rho` = ``l1_ratio``. The stochastic loop,
in this order: augment the rows, perturb the weights, slope, weights back, gradient
noise, optimiser step with weight decay, L1 truncation, norm constraint, average; after
each epoch the validation score, early stopping, and at the end the best state.

Two descents share an interface. :class:`SampleDescent` steps after every sample, in
kernels that stay in one call for all epochs. :class:`BatchDescent` knows batches,
momentum, Adam and noise; with a batch of one sample and none of these it takes the same
steps.
"""

import math
from time import perf_counter

import numpy as np
from scipy.sparse import issparse

from sklreg._views import read_only
from sklreg.solvers import _minibatch_kernels as minibatch
from sklreg.solvers import _stochastic_kernels as kernels
from sklreg.solvers.noise_stream import NoiseStream
from sklreg.solvers.stochastic_state import norm

__all__ = [
    "BatchDescent",
    "SampleDescent",
    "history",
    "train",
]

# A call of several epochs lasts about this long, so that Ctrl-C is heard.
SECONDS_PER_CALL = 0.2
# A block of rows or of noise for the batches holds at most about this many numbers.
BLOCK_NUMBERS = 1 << 19


class _Descent:
    """Epochs over one target: what both descents share.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), C order, or CSR matrix
        Samples, float64 or float32.
    y : ndarray of shape (n_samples,)
        Target in the terms of the loss.
    sample_weight : ndarray of shape (n_samples,)
        Weights, those of the classes included.
    skip : ndarray of bool of shape (n_samples,) or (0,)
        Rows that are kept out of training.
    state : :class:`~sklreg.solvers.stochastic_state.State`
        Where to start; changed in place.
    settings : Settings
        From :func:`~sklreg.solvers.stochastic_state.make_settings`.
    extras : :class:`~sklreg.solvers.stochastic_state.Extras`
        What goes beyond plain steps.
    seed : int
        Seed of the order of the rows and of all noise.
    """

    def __init__(self, X, y, sample_weight, skip, state, settings, extras, seed):
        self.X = X
        self.y = read_only(y)
        self.sample_weight = read_only(sample_weight)
        self.skip = read_only(skip)
        self.state = state
        self.settings = settings
        self.extras = extras
        self.outcome = kernels.RUNNING
        self.records = []
        self.seconds = []
        n = len(y)
        self._order = np.arange(n, dtype=np.int32)
        self._shuffling = (
            kernels.permutation(n, seed) if settings.shuffle else self._order
        )

    @property
    def n_epochs(self):
        """Epochs done."""
        return len(self.records)

    @property
    def running(self):
        """Whether the training loss still improves."""
        return self.outcome == kernels.RUNNING

    def run(self, n_epochs):
        """Run up to so many epochs more; fewer if the training loss settles.

        Raises
        ------
        ValueError
            If a weight overflows.
        """
        stop = self.n_epochs + n_epochs
        at_once = 1
        while self.running and self.n_epochs < stop:
            records = np.zeros((min(at_once, stop - self.n_epochs), kernels.N_COLUMNS))
            start = perf_counter()
            done, self.outcome = self._epochs(records)
            seconds = (perf_counter() - start) / done
            self.records.extend(records[:done])
            self.seconds.extend([seconds] * done)
            at_once = max(1, int(SECONDS_PER_CALL / max(seconds, 1e-6)))
        if self.outcome == kernels.OVERFLOW:
            raise ValueError(
                f"Floating-point under-/overflow occurred at epoch #{self.n_epochs}. "
                "Scaling input data with StandardScaler or MinMaxScaler might help, "
                "or a lower learning rate (eta0). The weights of the previous fit, if "
                "any, are kept."
            )

    def cut_rate(self):
        """Divide an adaptive rate by 5; return False if there is none to cut."""
        if self.settings.schedule != kernels.ADAPTIVE:
            return False
        if self.state.scalars[kernels.ETA] <= 1e-6:
            return False
        self.state.scalars[kernels.ETA] /= 5
        return True


class SampleDescent(_Descent):
    __doc__ = "One plain step after each sample.\n" + _Descent.__doc__.split("\n", 1)[1]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._rows = _kernel_rows(self.X)
        self._epochs(np.zeros((0, kernels.N_COLUMNS)))  # compile outside the clock

    def _epochs(self, records):
        state = self.state
        return kernels.epochs(
            *self._rows,
            self.y,
            self.sample_weight,
            self._order,
            self._shuffling,
            self.skip,
            self.settings,
            state.w,
            state.q,
            state.aw,
            state.scalars,
            records,
        )


class BatchDescent(_Descent):
    __doc__ = (
        "Batches, momentum, Adam and noise.\n" + _Descent.__doc__.split("\n", 1)[1]
    )

    def __init__(self, X, y, sample_weight, skip, state, settings, extras, seed):
        super().__init__(X, y, sample_weight, skip, state, settings, extras, seed)
        if not state.streams:
            # a stream for each kind: then chunks draw what one pass would have drawn
            state.streams.update(
                input_noise=NoiseStream([seed, 0]),
                input_dropout=np.random.default_rng([seed, 1]),
                weight_noise=NoiseStream([seed, 2]),
                gradient_noise=NoiseStream([seed, 3]),
            )
        self._optimizer = minibatch.Optimizer(
            minibatch.OPTIMIZERS[extras.optimizer],
            float(extras.momentum),
            bool(extras.nesterov),
            beta_1=0.9,
            beta_2=0.999,
            epsilon=1e-8,
        )
        self._slope = np.empty(X.shape[1] + 1)

    def _epochs(self, records):
        for epoch, record in enumerate(records):
            objective = self._epoch(record)
            intercept = self.state.scalars[kernels.INTERCEPT]
            if math.isnan(objective) or not kernels.finite(self.state.w, intercept):
                return epoch + 1, kernels.OVERFLOW
            if kernels.plateau(self.settings, objective, self.state.scalars):
                return epoch + 1, kernels.CONVERGED
        return len(records), kernels.RUNNING

    def _epoch(self, record):
        """Run one epoch, fill in its record, and return the mean objective."""
        state = self.state
        if self.settings.shuffle:
            self._order = self._order[self._shuffling]
        rows = self._order
        if self.skip.size:
            rows = rows[~self.skip[rows]]
        batch_size = min(self.extras.batch_size, len(rows))
        totals = np.zeros(minibatch.N_TOTALS)
        for block in self._blocks(rows, batch_size):
            n_steps = -(-len(block) // batch_size)
            minibatch.batches(
                *_kernel_rows(self._augmented(block)),
                read_only(self.y[block]),
                read_only(self.sample_weight[block]),
                batch_size,
                self.settings,
                self._optimizer,
                self._noise("weight_noise", n_steps),
                self._noise("gradient_noise", n_steps),
                state.w,
                state.q,
                state.aw,
                state.first,
                state.second,
                self._slope,
                state.scalars,
                totals,
            )
        loss, penalty = totals[minibatch.LOSS_SUM], totals[minibatch.PENALTY_SUM]
        record[kernels.LOSS] = loss / len(rows)
        record[kernels.RATE] = state.scalars[kernels.ETA]
        record[kernels.NORM] = norm(state.w)
        record[kernels.LARGEST_NORM] = math.sqrt(totals[minibatch.LARGEST_SQUARE])
        if self.settings.schedule >= kernels.PA1:
            penalty = 0.0
        return (loss + penalty) / len(rows)

    def _blocks(self, rows, batch_size):
        """Yield the rows in runs of whole batches that fit in a bounded memory."""
        p = self.X.shape[1]
        dense = not issparse(self.X) or self.extras.input_noise
        per_row = p if dense else max(1, self.X.nnz // self.X.shape[0])
        numbers = batch_size * per_row
        if self.extras.weight_noise or self.extras.gradient_noise:
            numbers = max(numbers, p)
        size = batch_size * max(1, BLOCK_NUMBERS // max(1, numbers))
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    def _augmented(self, block):
        """Return fresh rows with input noise and dropout."""
        X = self.X[block]
        if self.extras.input_noise:
            kind, scale = self.extras.input_noise
            X = X.toarray() if issparse(X) else X
            X = self.state.streams["input_noise"](kind, X, scale)
        if self.extras.input_dropout:
            rate = self.extras.input_dropout
            values = X.data if issparse(X) else X
            draw = self.state.streams["input_dropout"].random(values.shape)
            # inverted: what is kept grows, so that the expected input is the input
            values *= ((draw >= rate) / (1 - rate)).astype(values.dtype, copy=False)
        return X

    def _noise(self, name, n_steps):
        noise = getattr(self.extras, name)
        draw = np.zeros((n_steps if noise else 0, self.X.shape[1]))
        if noise:
            kind, scale = noise
            draw = self.state.streams[name](kind, draw, scale)
        return read_only(draw)


def train(descents, *, max_iter, each=None, monitor=None, stopper=None):
    """Run the descents to their end; return why it came.

    Parameters
    ----------
    descents : list of SampleDescent or BatchDescent
        One a target; they run abreast if there is a monitor, else each by itself.
    max_iter : int
        Largest number of epochs.
    each : callable, default=None
        ``each(function, descents)`` calls the function on every one, on threads if it
        likes.
    monitor : object, default=None
        Its ``begin_epoch()`` is called before each epoch; its ``end_epoch(epoch)``
        after it returns the validation score (or None) and whether to stop at once.
    stopper : EarlyStopping, default=None
        Judges the scores of the monitor. Its `best_state` will be a list of states.

    Returns
    -------
    str
        ``"max_iter"``, ``"training_loss"`` (it no longer improved on any target),
        ``"early_stopping"`` or ``"callback"``.
    """
    each = each or (lambda function, items: [function(item) for item in items])
    if monitor is None:
        each(lambda descent: descent.run(max_iter), descents)
    else:
        for epoch in range(1, max_iter + 1):
            monitor.begin_epoch()
            active = [descent for descent in descents if descent.running]
            each(lambda descent: descent.run(1), active)
            score, stop = monitor.end_epoch(epoch)
            if stopper is not None and stopper.update(
                score, lambda: [descent.state.copy() for descent in descents]
            ):
                if not any([descent.cut_rate() for descent in descents]):
                    return "early_stopping"
                stopper.be_patient_again()
            if stop:
                return "callback"
            if not any(descent.running for descent in descents):
                break
    if any(descent.running for descent in descents):
        return "max_iter"
    return "training_loss"


def history(descents, *, constrained=False):
    """Return the curves of a fit: a dict of arrays with one entry an epoch.

    Over several targets, losses are averaged and norms are taken together; a target
    that has finished keeps its last values.
    """
    n_epochs = max(descent.n_epochs for descent in descents)
    tables = np.empty((len(descents), n_epochs, kernels.N_COLUMNS))
    seconds = np.zeros(n_epochs)
    for table, descent in zip(tables, descents, strict=True):
        table[: descent.n_epochs] = descent.records
        table[descent.n_epochs :] = descent.records[-1]
        seconds[: descent.n_epochs] += descent.seconds
    curves = {
        "epoch": np.arange(1, n_epochs + 1),
        "train_loss": tables[:, :, kernels.LOSS].mean(axis=0),
        "learning_rate": tables[:, :, kernels.RATE].max(axis=0),
        "coef_norm": norm(tables[:, :, kernels.NORM], axis=0),
        "seconds": seconds,
    }
    if constrained:
        curves["largest_norm"] = tables[:, :, kernels.LARGEST_NORM].max(axis=0)
    return curves


def _kernel_rows(X):
    """Return X as the kernels take it: values, and indices or None."""
    if not issparse(X):
        return read_only(X), None, None
    return (
        read_only(X.data.reshape(1, -1)),
        read_only(X.indices),
        read_only(X.indptr),
    )
