"""What the multi-layer perceptrons share in fitting, and in going on."""

import math

import numpy as np
from sklearn.base import is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from sklreg._held_out import is_given
from sklreg._validation import (
    CallbackSupportMixin,
    _check_optimize_result,
    _check_sample_weight,
    restored_on_error,
    validate_data,
    with_callbacks,
)
from sklreg._warnings import warn
from sklreg.layers import RandomSource
from sklreg.neural_network._fitted import FittedMLP
from sklreg.neural_network._monitor import Held, NetworkMonitor
from sklreg.neural_network._parameters import (
    CONSTRAINTS,
    STOCHASTIC,
    architecture,
    check_for_lbfgs,
    hidden_sizes,
    make_optimizer,
    regularization,
    rows_a_batch,
)
from sklreg.solvers.early_stopping import EarlyStopping
from sklreg.solvers.network import Network, initial_parameters, mean_loss
from sklreg.solvers.network_training import Training, lbfgs, train

# What fit leaves behind and partial_fit does not update.
_OF_A_FIT = ("history_", "best_epoch_", "best_score_", "stop_reason_")


def is_stochastic(estimator):
    """Return True, or raise for a solver that cannot go on by chunks."""
    if estimator.solver not in STOCHASTIC:
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. "
            f"{estimator.solver} is not stochastic."
        )
    return True


class BaseMLP(CallbackSupportMixin, FittedMLP):
    """Fitting, and going on with new chunks."""

    _parameter_constraints: dict = CONSTRAINTS

    # ------------------------------------------------------------------ fitting

    def _fit(self, X, y, sample_weight, validation):
        with restored_on_error(self):
            reason = self._fit_inside(X, y, sample_weight, validation)
        self._complain(reason)
        return self

    @with_callbacks
    def _fit_inside(self, X, y, sample_weight, validation):
        context = None
        if getattr(self, "_skl_callbacks", None):
            context = self._init_callback_context(max_subtasks=self.max_iter)
        reason = self._run(X, y, sample_weight, validation, context=context)
        if context is not None:
            context.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes={}
            )
        return reason

    def _partial_fit(self, X, y, sample_weight):
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        reason = self._run(X, y, sample_weight, (None, None, None), incremental=True)
        for name in _OF_A_FIT:
            vars(self).pop(name, None)
        if reason == "non_finite":
            raise ValueError(_non_finite(0))

    def _run(self, X, y, sample_weight, validation, *, incremental=False, context=None):
        """Do what fit and partial_fit share; return why training stopped."""
        hidden = hidden_sizes(self)
        fresh = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y = self._validate(X, y, reset=fresh)
        if sample_weight is not None:
            sample_weight = _weights(sample_weight, X)
        Y = self._encode(y, X.dtype, fresh=fresh, incremental=incremental)
        held = self._given_validation(validation, X.dtype)

        sizes = [X.shape[1], *hidden, Y.shape[1]]
        plan = architecture(self, sizes)
        regular = regularization(self, sizes[0])
        if self.solver == "lbfgs":
            check_for_lbfgs(plan, regular, held is not None)
        random_state = check_random_state(self.random_state)
        if fresh:
            self._initialize(sizes, X.dtype, random_state)
        elif [coef.shape[0] for coef in self.coefs_] != sizes[:-1]:
            raise ValueError(
                f"hidden_layer_sizes {tuple(hidden)} does not fit the network of the "
                "last fit, which warm_start and partial_fit go on with: its layers "
                f"have {[coef.shape[1] for coef in self.coefs_[:-1]]} units."
            )
        network = Network(plan, self.coefs_[0].dtype)
        self._load(network)
        weight = self._class_weighted(y, sample_weight)
        if self.solver == "lbfgs":
            self._begin_callbacks(context, X, y)
            return self._run_lbfgs(network, X, self._softened(Y), weight)

        if self.early_stopping and held is None:
            rows, held = self._split(X, y, Y, sample_weight, random_state)
            X, y, Y = X[rows], y[rows], Y[rows]
            weight = None if weight is None else weight[rows]
        batch_size = rows_a_batch(self, X.shape[0])
        if not (
            incremental
            and getattr(self, "_optimizer", None) is not None
            and self._optimizer.fits(network.theta)
        ):
            self._optimizer = make_optimizer(self)
        training = Training(
            network,
            X,
            self._softened(Y),
            weight,
            loss=self._loss_name(),
            optimizer=self._optimizer,
            regularization=regular,
            batch_size=batch_size,
            order=random_state if self.shuffle else None,
            source=self._random_source(plan, regular, random_state, incremental),
        )
        self._begin_callbacks(context, X, y)
        monitor = NetworkMonitor(self, network, held, context, X, y)
        monitor.training = training
        stopper = self._stopper(network)
        reason, self.t_ = train(
            training,
            max_iter=1 if incremental else self.max_iter,
            stopper=stopper,
            n_seen=self.t_,
            judge=monitor.judge if self.early_stopping else None,
            begin_epoch=monitor.begin_epoch,
            end_epoch=monitor.end_epoch,
        )
        return self._finish(network, monitor, stopper, reason)

    def _validate(self, X, y, reset):
        return validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=is_regressor(self),
            dtype=(np.float64, np.float32),
            order="C",
            reset=reset,
        )

    def _initialize(self, sizes, dtype, random_state):
        """Set what a new network starts with."""
        self.n_iter_ = 0
        self.t_ = 0
        self.n_layers_ = len(sizes)
        self.n_outputs_ = sizes[-1]
        self.out_activation_ = self._out_activation()
        self.coefs_, self.intercepts_ = initial_parameters(
            sizes, self.activation, dtype, random_state
        )
        for name in (
            *_OF_A_FIT,
            "batch_norm_scales_",
            "batch_norm_means_",
            "batch_norm_variances_",
            "_statistics",
            "_optimizer",
            "_noise_rng",
            "loss_curve_",
            "best_loss_",
            "validation_scores_",
            "best_validation_score_",
        ):
            vars(self).pop(name, None)
        if self.solver in STOCHASTIC:
            self._start_curves()

    def _start_curves(self):
        self.loss_curve_ = []
        self._no_improvement_count = 0
        stopping = self.early_stopping
        self.best_loss_ = None if stopping else np.inf
        self.validation_scores_ = [] if stopping else None
        self.best_validation_score_ = -np.inf if stopping else None

    def _given_validation(self, validation, dtype):
        """Return the validation set handed to fit, or None."""
        X, y, sample_weight = validation
        if not is_given(X, y, sample_weight):
            return None
        X, y = self._validate(X, y, reset=False)
        Y = self._encode_more(y, dtype, "y_val")
        if sample_weight is not None:
            sample_weight = _weights(sample_weight, X, "sample_weight_val")
        return Held(X, self._labels_of(y, Y), Y, sample_weight)

    def _split(self, X, y, Y, sample_weight, random_state):
        """Return the rows to train on, drawn as scikit-learn does, and the others."""
        rows, held_out = train_test_split(
            np.arange(X.shape[0]),
            random_state=random_state,
            test_size=self.validation_fraction,
            stratify=self._strata(Y),
        )
        if len(held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or "
                "the size of your dataset."
            )
        weight = None if sample_weight is None else sample_weight[held_out]
        if weight is not None and not weight.any():
            raise ValueError("All samples kept for validation have a weight of zero.")
        labels = self._labels_of(y, Y)[held_out]
        return rows, Held(X[held_out], labels, Y[held_out], weight)

    def _random_source(self, plan, regular, random_state, incremental):
        """Return where noise is drawn from, or None if nothing is random.

        Its seed leaves `random_state` as it is: with and without dropout the network
        starts from the same weights and sees the same batches.
        """
        if not (plan.drops or plan.activation_noise or regular.random):
            return None
        if not incremental or getattr(self, "_noise_rng", None) is None:
            twin = np.random.RandomState()
            twin.set_state(random_state.get_state())
            self._noise_rng = np.random.default_rng(twin.randint(1 << 31, size=8))
        return RandomSource(self._noise_rng)

    def _stopper(self, network):
        """Return what watches the score, going on from the calls before."""
        if not hasattr(self, "loss_curve_") or (
            self.early_stopping and self.validation_scores_ is None
        ):
            self._start_curves()  # the solver or early_stopping was changed
        stopper = EarlyStopping(self.n_iter_no_change + 1, self.tol)
        stopper.stale = self._no_improvement_count
        if self.early_stopping:
            stopper.best_score = self.best_validation_score_
        elif self.best_loss_ is not None:
            stopper.best_score = -self.best_loss_
        stopper.best_state = network.state() if self.early_stopping else None
        return stopper

    def _finish(self, network, monitor, stopper, reason):
        """Set the results; return the reason."""
        history = monitor.history()
        losses = history["train_loss"].tolist()
        if reason == "non_finite" and not losses and not self.early_stopping:
            raise ValueError(_non_finite(0))
        self.n_iter_ = len(losses)
        self.loss_curve_ += losses
        self.loss_ = losses[-1] if losses else np.nan
        self._no_improvement_count = stopper.stale
        self.history_ = history
        if self.early_stopping:
            self.validation_scores_ += monitor.curves["validation_score"]
            self.best_validation_score_ = stopper.best_score
            self.best_epoch_ = stopper.best_epoch
            self.best_score_ = stopper.best_score
            if self.restore_best:
                network.restore(stopper.best_state)
        else:
            self.best_loss_ = -stopper.best_score
        self.stop_reason_ = reason
        vars(self).update(self._attributes_of(network))
        return reason

    def _run_lbfgs(self, network, X, Y, sample_weight):
        monitor = NetworkMonitor(self, network)
        found = lbfgs(
            network,
            X,
            Y,
            sample_weight,
            loss=self._loss_name(),
            l2=float(self.alpha),
            options={
                "maxfun": self.max_fun,
                "maxiter": self.max_iter,
                "gtol": self.tol,
            },
            end_iteration=monitor.end_epoch,
        )
        self.n_iter_ = _check_optimize_result("lbfgs", found, self.max_iter)
        if not (math.isfinite(found.fun) and np.isfinite(network.theta).all()):
            raise ValueError(_non_finite(0))
        total = len(Y) if sample_weight is None else sample_weight.sum()
        weights = network.theta[: network.n_weights]
        self.loss_ = mean_loss(
            self._loss_name(), Y, network.raw(X), sample_weight
        ) + 0.5 * self.alpha * float(np.dot(weights, weights)) / float(total)
        self.history_ = monitor.history()
        self.stop_reason_ = "training_loss" if found.success else "max_iter"
        vars(self).update(self._attributes_of(network))
        return None

    def _begin_callbacks(self, context, X, y):
        if context is not None:
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)

    def _complain(self, reason):
        """Raise or warn for what stopped training, now that the results are set."""
        if reason == "non_finite":
            if not (self.early_stopping and self.restore_best):
                raise ValueError(_non_finite(self.n_iter_))
            warn(
                _non_finite(self.n_iter_) + " The best epoch's weights are returned.",
                ConvergenceWarning,
            )
        elif reason == "interrupted":
            warn("Training interrupted by user.")
        elif reason == "max_iter":
            warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached "
                "and the optimization hasn't converged yet.",
                ConvergenceWarning,
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _weights(sample_weight, X, name="sample_weight"):
    """Return float64 weights of its own."""
    try:
        weights = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if not weights.any():
        raise ValueError(
            f"{name} must contain at least one positive number; all weights are zero."
        )
    return np.array(weights)


def _non_finite(n_epochs):
    kept = (
        f"The weights are those of epoch {n_epochs}, the last that was finite."
        if n_epochs
        else "Nothing was learnt."
    )
    return (
        "Solver produced non-finite parameter weights. The input data may contain "
        "large values and need to be preprocessed. The loss overflowed in epoch "
        f"{n_epochs + 1}: scale the features (StandardScaler), or lower "
        f"learning_rate_init or the noise. {kept}"
    )
