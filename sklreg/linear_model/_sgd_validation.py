"""The judging of an epoch of stochastic descent."""

import copy
from dataclasses import replace

import numpy as np
from sklearn.metrics import check_scoring

from sklreg.losses import LOSSES


class EpochMonitor:
    """What Python does between two epochs: score, print, call back.

    Parameters
    ----------
    estimator : SGDClassifier or SGDRegressor
        The estimator in its fit.
    descents : list
        The descents of :mod:`sklreg.solvers.stochastic`, one a target.
    validation : ValidationSet or None
        What to score.
    context : CallbackContext or None
        The fit's context, if there are callbacks.
    """

    def __init__(self, estimator, descents, validation, context, X, y):
        self.estimator = estimator
        self.descents = descents
        self.validation = validation
        self.context = context
        self.data = {"X": X, "y": y}
        self.losses = []
        self.scores = []
        self._epoch_context = None
        if validation is not None:
            scoring = estimator.early_stopping_scoring
            self._scorer = (
                None if scoring == "loss" else check_scoring(estimator, scoring=scoring)
            )
            self._loss = LOSSES[estimator.loss]
            if hasattr(self._loss, "epsilon"):
                self._loss = replace(self._loss, epsilon=float(estimator.epsilon))
            self._targets = estimator._targets(validation.y)

    def begin_epoch(self):
        """Tell the callbacks."""
        if self.context is not None:
            self._epoch_context = self.context.subcontext(task_name="epoch")
            self._epoch_context.call_on_fit_task_begin(
                estimator=self.estimator, **self.data
            )

    def end_epoch(self, epoch):
        """Return the validation score, None without one, and whether to stop."""
        score = None
        if self.validation is not None:
            score = self._judge()
        if self.estimator.verbose:
            self._print(epoch, score)
        stop = False
        if self._epoch_context is not None:
            stop = self._epoch_context.call_on_fit_task_end(
                estimator=self.estimator,
                reconstruction_attributes=self._fitted_attributes,
                **self.data,
            )
        return score, stop

    def _fitted_attributes(self):
        coef, intercept = self.estimator._collect(
            [descent.state.model(descent.settings) for descent in self.descents],
            self.data["X"].dtype,
        )
        return {"coef_": coef, "intercept_": intercept, "t_": self.estimator.t_}

    def _judge(self):
        held = self.validation
        model = copy.copy(self.estimator)
        vars(model).update(self._fitted_attributes())
        vars(model).pop("feature_names_in_", None)  # the rows have no names any more
        losses = []
        for descent, target in zip(self.descents, self._targets, strict=True):
            coef, intercept = descent.state.model(descent.settings)
            values = self._loss.value(target, held.X @ coef + intercept)
            losses.append(np.average(values, weights=held.sample_weight))
        self.losses.append(float(np.mean(losses)))
        if self._scorer is None:
            score = -self.losses[-1]
        elif held.sample_weight is None:
            score = self._scorer(model, held.X, held.y)
        else:
            score = self._scorer(
                model, held.X, held.y, sample_weight=held.sample_weight
            )
        self.scores.append(float(score))
        return self.scores[-1]

    def _print(self, epoch, score):
        records = [descent.records[-1] for descent in self.descents]
        loss, rate, norm = np.mean(records, axis=0)[:3]
        line = (
            f"Epoch {epoch}: training loss {loss:.6f}, learning rate {rate:.3g}, "
            f"norm {norm:.4g}"
        )
        if score is not None:
            line += f", validation loss {self.losses[-1]:.6f}, score {score:.6f}"
        print(line)
