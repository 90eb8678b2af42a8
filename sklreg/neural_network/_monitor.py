"""What happens between two epochs: judging, recording, printing, calling back."""

from dataclasses import dataclass

import numpy as np

from sklreg._epoch_monitor import EpochMonitor
from sklreg.solvers.network import mean_loss


@dataclass
class Held:
    """Samples that a fit is judged on: as given, and in the terms of the loss."""

    X: object
    y: np.ndarray
    Y: np.ndarray
    sample_weight: np.ndarray | None


class NetworkMonitor(EpochMonitor):
    """Keeps the curves of a fit.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        The estimator in its fit.
    network : Network
        What is trained.
    held : Held or None
        What to score.
    context, X, y : object
        As in :class:`EpochMonitor`.
    """

    def __init__(self, estimator, network, held=None, context=None, X=None, y=None):
        super().__init__(estimator, held, context, X, y)
        self.network = network
        self.training = None
        self.curves = {
            name: [] for name in ("train_loss", "learning_rate", "coef_norm", "seconds")
        }
        if held is not None:
            self.curves["validation_loss"] = self.losses
            self.curves["validation_score"] = self.scores
        if estimator.max_norm is not None:
            self.curves["largest_norm"] = []

    def _fitted_attributes(self):
        return self.estimator._attributes_of(self.network)

    def _loss_and_score(self):
        held, estimator = self.held, self.estimator
        with np.errstate(over="ignore", invalid="ignore"):
            raw = self.network.raw(held.X)
        if not np.isfinite(raw).all():
            return np.nan, np.nan
        loss = mean_loss(estimator._loss_name(), held.Y, raw, held.sample_weight)
        if estimator.early_stopping_scoring is None:  # no need to predict again
            return loss, estimator._score_raw(held.Y, raw, held.sample_weight)
        return loss, self._score(loss)

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
        if self.held is not None and len(self.losses) < len(curves["train_loss"]):
            self.judge()
        if self.estimator.verbose:
            self._print()
        return self.call_back()

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
