"""What happens between two epochs: judging, recording, printing, calling back."""

import copy
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import check_scoring

from sklreg.solvers.network import mean_loss


@dataclass
class Held:
    """Samples that a fit is judged on: as given, and in the terms of the loss."""

    X: object
    y: np.ndarray
    Y: np.ndarray
    sample_weight: np.ndarray | None


class Monitor:
    """Keeps the curves of a fit.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        The estimator in its fit.
    network : Network
        What is trained.
    held : Held or None
        What to score.
    context : CallbackContext or None
        The fit's context, if there are callbacks.
    X, y : ndarray
        Training data, for the callbacks.
    """

    def __init__(self, estimator, network, held=None, context=None, X=None, y=None):
        self.estimator = estimator
        self.network = network
        self.held = held
        self.context = context
        self.data = {"X": X, "y": y}
        self.training = None
        self.curves = {
            name: [] for name in ("train_loss", "learning_rate", "coef_norm", "seconds")
        }
        if held is not None:
            self.curves |= {"validation_loss": [], "validation_score": []}
            scoring = estimator.early_stopping_scoring
            self._scorer = None
            if scoring is not None and scoring != "loss":
                self._scorer = check_scoring(estimator, scoring=scoring)
        if estimator.max_norm is not None:
            self.curves["largest_norm"] = []
        self._epoch_context = None

    def begin_epoch(self):
        """Tell the callbacks."""
        if self.context is not None:
            self._epoch_context = self.context.subcontext(task_name="epoch")
            self._epoch_context.call_on_fit_task_begin(
                estimator=self.estimator, **self.data
            )

    def judge(self):
        """Return the score of the held-out samples, and record it."""
        held, estimator = self.held, self.estimator
        with np.errstate(over="ignore", invalid="ignore"):
            raw = self.network.raw(held.X)
        if np.isfinite(raw).all():
            loss = mean_loss(estimator._loss_name(), held.Y, raw, held.sample_weight)
            if self._scorer is not None:
                weights = {}
                if held.sample_weight is not None:
                    weights["sample_weight"] = held.sample_weight
                score = self._scorer(self._model(), held.X, held.y, **weights)
            elif estimator.early_stopping_scoring == "loss":
                score = -loss
            else:
                score = estimator._score_raw(held.Y, raw, held.sample_weight)
        else:
            loss = score = np.nan
        self.curves["validation_loss"].append(loss)
        self.curves["validation_score"].append(float(score))
        return float(score)

    def end_epoch(self, loss, seconds):
        """Record, print and call back; return whether to stop."""
        curves = self.curves
        curves["train_loss"].append(loss)
        curves["seconds"].append(seconds)
        rate = self.training.optimizer.learning_rate if self.training else np.nan
        curves["learning_rate"].append(rate)
        weights = self.network.theta[: self.network.n_weights]
        with np.errstate(over="ignore"):
            curves["coef_norm"].append(float(np.linalg.norm(weights)))
        if "largest_norm" in curves:
            curves["largest_norm"].append(self.training.largest_norm)
        if self.held is not None and len(curves["validation_loss"]) < len(
            curves["train_loss"]
        ):
            self.judge()
        if self.estimator.verbose:
            self._print()
        if self._epoch_context is None:
            return False
        return self._epoch_context.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=self._fitted_attributes,
            **self.data,
        )

    def _fitted_attributes(self):
        return self.estimator._attributes_of(self.network)

    def _model(self):
        model = copy.copy(self.estimator)
        vars(model).update(self._fitted_attributes())
        vars(model).pop("feature_names_in_", None)  # the rows have no names any more
        return model

    def _print(self):
        last = {name: curve[-1] for name, curve in self.curves.items()}
        line = f"Iteration {len(self.curves['train_loss'])}, "
        line += f"loss = {last['train_loss']:.8f}, norm = {last['coef_norm']:.4g}"
        if self.training is not None:
            line += f", learning rate = {last['learning_rate']:.3g}"
        if self.held is not None:
            line += (
                f", validation loss = {last['validation_loss']:.6f}, "
                f"score = {last['validation_score']:.6f}"
            )
        print(line)

    def history(self):
        """Return the curves as arrays."""
        n_epochs = len(self.curves["train_loss"])
        return {"epoch": np.arange(1, n_epochs + 1)} | {
            name: np.array(curve[:n_epochs]) for name, curve in self.curves.items()
        }
