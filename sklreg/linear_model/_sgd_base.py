"""What the stochastic-descent estimators share: fitting, going on, results."""

from contextlib import contextmanager

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._held_out import (
    ValidationSet,
    check_only_given,
    check_validation_classes,
    is_given,
    split_off,
)
from sklreg._validation import (
    CallbackSupportMixin,
    _check_sample_weight,
    restored_on_error,
    validate_data,
    with_callbacks,
)
from sklreg._warnings import warn
from sklreg.linear_model._sgd_parameters import SGDParameters
from sklreg.linear_model._sgd_validation import DescentMonitor
from sklreg.solvers.early_stopping import EarlyStopping
from sklreg.solvers.stochastic import BatchDescent, SampleDescent, history, train
from sklreg.solvers.stochastic_state import State

MAX_INT = np.iinfo(np.int32).max


class BaseSGD(SGDParameters, CallbackSupportMixin, DocLinkMixin, BaseEstimator):
    """Fitting, and going on with new chunks."""

    # ------------------------------------------------------------------ fitting

    def _fit(
        self,
        X,
        y,
        coef_init,
        intercept_init,
        sample_weight,
        X_val,
        y_val,
        sample_weight_val,
    ):
        with restored_on_error(self):
            self._check_together()
            return self._fit_inside(
                X,
                y,
                coef_init,
                intercept_init,
                sample_weight,
                (X_val, y_val, sample_weight_val),
            )

    @with_callbacks
    def _fit_inside(self, X, y, coef_init, intercept_init, sample_weight, validation):
        weighted = sample_weight is not None
        self._forget_classes()
        X, y, sample_weight = self._validate(X, y, sample_weight, reset=True)
        if not self.warm_start:
            self._forget()
        self.t_ = 1.0
        coef, intercept = self._starting_weights(X.shape[1], coef_init, intercept_init)
        held, seeds = self._hold_out_and_seed(
            lambda: self._validation_set(X, y, sample_weight, weighted, *validation)
        )
        skip = held.skip if held is not None else np.zeros(0, dtype=bool)
        own_tol = None if self.early_stopping else self.tol
        settings = self._settings(X, own_tol)
        states = [
            State.start(w, b, settings, self._extras())
            for w, b in zip(coef, intercept, strict=True)
        ]
        descents = self._descents(X, y, sample_weight, skip, settings, states, seeds)

        context = None
        if getattr(self, "_skl_callbacks", None):
            context = self._init_callback_context(max_subtasks=self.max_iter)
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        monitor = stopper = None
        if held is not None or context is not None or self.verbose:
            monitor = DescentMonitor(self, descents, held, context, X, y)
        if self.early_stopping:
            stopper = EarlyStopping(self.n_iter_no_change, self.tol)
        with self._threads(len(descents)) as each:
            self.stop_reason_ = train(
                descents,
                max_iter=self.max_iter,
                each=each,
                monitor=monitor,
                stopper=stopper,
            )
        self._record(descents, monitor, stopper)
        if stopper is not None and self.restore_best:
            for descent, best in zip(descents, stopper.best_state, strict=True):
                descent.state = best
        self.t_ += self.n_iter_ * self._updates(len(y))
        self._take(descents, X.dtype)
        if context is not None:
            context.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes={}
            )
        self._warn()
        return self

    def _partial_fit(self, X, y, sample_weight):
        """Go on for one epoch over a chunk."""
        first = not hasattr(self, "coef_")
        self._check_together()
        X, y, sample_weight = self._validate(X, y, sample_weight, reset=first)
        if first:
            self.t_ = 1.0
        settings = self._settings(X, tol=None)
        states = self._resumed(X.shape[1], settings)
        _, seeds = self._hold_out_and_seed(lambda: None)
        skip = np.zeros(0, dtype=bool)
        descents = self._descents(X, y, sample_weight, skip, settings, states, seeds)
        with self._threads(len(descents)) as each:
            each(lambda descent: descent.run(1), descents)
        self.n_iter_ = 1
        self.t_ += self._updates(len(y))
        for name in ("history_", "best_epoch_", "best_score_", "stop_reason_"):
            vars(self).pop(name, None)
        self._take(descents, X.dtype if first else self.coef_.dtype)
        self._states = [descent.state for descent in descents]
        return self

    def _validate(self, X, y, sample_weight, *, reset):
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            order="C",
            reset=reset,
        )
        if issparse(X) and self.max_norm is not None and not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        if (
            self.early_stopping
            and sample_weight is not None
            and not np.any(np.asarray(sample_weight))
        ):
            sample_weight = np.zeros(X.shape[0])  # the split has a better error
        else:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        return X, self._validate_target(y, "y"), sample_weight

    def _starting_weights(self, n_features, coef_init, intercept_init):
        """Return weights (n_targets, n_features) and intercepts (n_targets,)."""
        if self.warm_start and hasattr(self, "coef_"):
            coef_init = self.densify().coef_ if coef_init is None else coef_init
            intercept_init = (
                self.intercept_ if intercept_init is None else intercept_init
            )
        n_targets = self._n_targets()
        coef = np.zeros((n_targets, n_features))
        intercept = np.zeros(n_targets)
        if coef_init is not None:
            coef_init = np.asarray(coef_init, dtype=np.float64)
            if n_targets == 1:
                coef_init = coef_init.reshape(1, -1)
            if coef_init.shape != coef.shape:
                raise ValueError(
                    "Provided coef_init does not match dataset: its shape is "
                    f"{coef_init.shape}, but {coef.shape} is needed."
                )
            coef = coef_init
        if intercept_init is not None:
            intercept_init = np.asarray(intercept_init, dtype=np.float64)
            if n_targets == 1 and intercept_init.shape == ():
                intercept_init = intercept_init.reshape(1)
            if intercept_init.shape != intercept.shape:
                raise ValueError(
                    "Provided intercept_init does not match dataset: its shape is "
                    f"{intercept_init.shape}, but {intercept.shape} is needed."
                )
            intercept = intercept_init
        return coef, intercept

    def _validation_set(
        self, X, y, sample_weight, weighted, X_val, y_val, sample_weight_val
    ):
        if not is_given(X_val, y_val, sample_weight_val):
            if not self.early_stopping:
                return None
            return split_off(self, X, y, sample_weight, weighted)
        check_only_given(self, y_val)
        X_val, y_val = validate_data(
            self,
            X_val,
            y_val,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            reset=False,
        )
        y_val = self._validate_target(y_val, "y_val")
        if hasattr(self, "classes_"):
            check_validation_classes(y_val)
        if sample_weight_val is not None:
            sample_weight_val = _check_sample_weight(sample_weight_val, X_val)
        return ValidationSet(X_val, y_val, sample_weight_val, np.zeros(0, dtype=bool))

    def _descents(self, X, y, sample_weight, skip, settings, states, seeds):
        extras = self._extras()
        kind = BatchDescent if extras else SampleDescent
        descents = []
        for state, target, weight, seed in zip(
            states,
            self._targets(y),
            self._target_weights(y, sample_weight),
            seeds,
            strict=True,
        ):
            state.begin(settings, self.t_)
            descents.append(
                kind(X, target, weight, skip, state, settings, extras, seed)
            )
        return descents

    @contextmanager
    def _threads(self, n_targets):
        """Give a ``each(function, items)`` that works through targets on threads."""
        if n_targets == 1:
            yield lambda function, items: [function(item) for item in items]
            return
        with Parallel(n_jobs=self.n_jobs, require="sharedmem") as parallel:
            yield lambda function, items: parallel(
                delayed(function)(item) for item in items
            )

    def _updates(self, n_samples):
        """Return the steps of an epoch."""
        return -(-n_samples // self.batch_size)

    # ------------------------------------------------------------------ results

    def _record(self, descents, monitor, stopper):
        self.n_iter_ = max(descent.n_epochs for descent in descents)
        self.history_ = history(descents, constrained=self.max_norm is not None)
        if monitor is not None and monitor.scores:
            self.history_["validation_loss"] = np.array(monitor.losses)
            self.history_["validation_score"] = np.array(monitor.scores)
        if stopper is not None:
            self.best_epoch_ = stopper.best_epoch
            self.best_score_ = stopper.best_score

    def _take(self, descents, dtype):
        """Set the fitted weights."""
        self.coef_, self.intercept_ = self._collect(
            [descent.state.model(descent.settings) for descent in descents], dtype
        )
        if self.average:
            self._standard_coef, self._standard_intercept = self._collect(
                [descent.state.plain() for descent in descents], dtype
            )
            self._average_coef, self._average_intercept = self._collect(
                [descent.state.averaged() for descent in descents], dtype
            )

    def _collect(self, models, dtype):
        """Stack (weights, intercept) pairs into arrays of their own."""
        coef = np.stack([weights for weights, _ in models]).astype(dtype)
        return coef, np.array([intercept for _, intercept in models], dtype=dtype)

    def _resumed(self, n_features, settings):
        """Return the states that the last call left, or new ones from the weights."""
        if not hasattr(self, "coef_"):
            coef, intercept = self._starting_weights(n_features, None, None)
            return [
                State.start(w, b, settings, self._extras())
                for w, b in zip(coef, intercept, strict=True)
            ]
        coef = self.coef_.toarray() if issparse(self.coef_) else self.coef_
        coef = np.atleast_2d(coef)
        states = [state.copy() for state in getattr(self, "_states", [])]
        if states and all(
            # the weights may have been set by hand, or the parameters changed
            state.fits(settings, self._extras())
            and np.array_equal(state.model(settings)[0].astype(coef.dtype), row)
            and state.model(settings)[1].astype(coef.dtype) == b
            for state, row, b in zip(states, coef, self.intercept_, strict=True)
        ):
            return states
        averages = [None] * len(coef)
        starts = zip(coef, self.intercept_, strict=True)
        if self.average and hasattr(self, "_average_coef"):
            averages = zip(
                np.atleast_2d(self._average_coef), self._average_intercept, strict=True
            )
            starts = zip(
                np.atleast_2d(self._standard_coef),
                self._standard_intercept,
                strict=True,
            )
        return [
            State.start(w, b, settings, self._extras(), average=average)
            for (w, b), average in zip(starts, averages, strict=True)
        ]

    def _forget(self):
        for name in (
            "coef_",
            "intercept_",
            "_states",
            "_standard_coef",
            "_standard_intercept",
            "_average_coef",
            "_average_intercept",
            "best_epoch_",
            "best_score_",
        ):
            vars(self).pop(name, None)

    def sparsify(self):
        """Convert ``coef_`` to CSR format, smaller if most weights are zero.

        Returns
        -------
        self : object
            The estimator itself.
        """
        check_is_fitted(self)
        self.coef_ = csr_matrix(self.coef_)
        return self

    def densify(self):
        """Convert ``coef_`` back to a dense array.

        Returns
        -------
        self : object
            The estimator itself.
        """
        check_is_fitted(self)
        if issparse(self.coef_):
            self.coef_ = self.coef_.toarray()
        return self

    def _warn(self):
        if self.tol is not None and self.stop_reason_ == "max_iter":
            warn(
                "Maximum number of iteration reached before convergence. Consider "
                "increasing max_iter to improve the fit.",
                ConvergenceWarning,
            )
        if self.power_t < 0:
            warn(
                "Negative values for `power_t` are deprecated in version 1.8 and will "
                "raise an error in 1.10. Use values in the range [0.0, inf) instead.",
                FutureWarning,
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
