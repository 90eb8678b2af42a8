"""The judging of an epoch of stochastic descent."""

from dataclasses import replace

import numpy as np

from sklreg._epoch_monitor import EpochMonitor
from sklreg.losses import LOSSES


class DescentMonitor(EpochMonitor):
    """What Python does between two epochs: score, print, call back.

    Parameters
    ----------
    estimator : SGDClassifier or SGDRegressor
        The estimator in its fit.
    descents : list
        The descents of :mod:`sklreg.solvers.stochastic`, one a target.
    held, context, X, y : object
        As in :class:`EpochMonitor`.
    """

    def __init__(self, estimator, descents, held, context, X, y):
        super().__init__(estimator, held, context, X, y)
        self.descents = descents
        if held is not None:
            self._loss = LOSSES[estimator.loss]
            if hasattr(self._loss, "epsilon"):
                self._loss = replace(self._loss, epsilon=float(estimator.epsilon))
            self._targets = estimator._targets(held.y)

    def end_epoch(self, epoch):
        """Return the validation score, None without one, and whether to stop."""
        score = None if self.held is None else self.judge()
        if self.estimator.verbose:
            self._print(epoch)
        return score, self.call_back()

    def _models(self):
        return [descent.state.model(descent.settings) for descent in self.descents]

    def _fitted_attributes(self):
        dtype = self._data["X"].dtype
        coef, intercept = self.estimator._collect(self._models(), dtype)
        return {"coef_": coef, "intercept_": intercept, "t_": self.estimator.t_}

    def _loss_and_score(self):
        held = self.held
        losses = [
            np.average(
                self._loss.value(target, held.X @ coef + intercept),
                weights=held.sample_weight,
            )
            for (coef, intercept), target in zip(
                self._models(), self._targets, strict=True
            )
        ]
        loss = float(np.mean(losses))
        return loss, self._score(loss)

    def _print(self, epoch):
        records = [descent.records[-1] for descent in self.descents]
        loss, rate, norm = np.mean(records, axis=0)[:3]
        line = (
            f"Epoch {epoch}: training loss {loss:.6f}, learning rate {rate:.3g}, "
            f"norm {norm:.4g}"
        )
        if self.held is not None:
            line += (
                f", validation loss {self.losses[-1]:.6f}, score {self.scores[-1]:.6f}"
            )
        print(line)
