"""What happens between two epochs of a fit: judging, and calling back."""

import copy
from abc import ABC, abstractmethod

from sklearn.metrics import check_scoring


class EpochMonitor(ABC):
    """Scores the held-out samples after each epoch, and tells the callbacks.

    What differs from one kind of model to another is in `_fitted_attributes`, the
    attributes that the fit so far stands for, and in `_loss_and_score`.

    Parameters
    ----------
    estimator : estimator
        The estimator in its fit, with a parameter `early_stopping_scoring`.
    held : object or None
        What to score: its `X`, `y` and `sample_weight`.
    context : CallbackContext or None
        The fit's context, if there are callbacks.
    X, y : ndarray
        Training data, for the callbacks.

    Attributes
    ----------
    losses, scores : list of float
        Mean loss and score of the held-out samples after each epoch.
    """

    def __init__(self, estimator, held=None, context=None, X=None, y=None):
        self.estimator = estimator
        self.held = held
        self.losses = []
        self.scores = []
        self._context = context
        self._epoch_context = None
        self._data = {"X": X, "y": y}
        scoring = estimator.early_stopping_scoring
        if held is not None and scoring != "loss":
            self._scorer = check_scoring(estimator, scoring=scoring)

    def begin_epoch(self):
        """Tell the callbacks."""
        if self._context is not None:
            self._epoch_context = self._context.subcontext(task_name="epoch")
            self._epoch_context.call_on_fit_task_begin(
                estimator=self.estimator, **self._data
            )

    def judge(self):
        """Return the score of the held-out samples, and record it."""
        loss, score = self._loss_and_score()
        self.losses.append(float(loss))
        self.scores.append(float(score))
        return self.scores[-1]

    def call_back(self):
        """Tell the callbacks that the epoch is over; return whether to stop."""
        if self._epoch_context is None:
            return False
        return self._epoch_context.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=self._fitted_attributes,
            **self._data,
        )

    def _score(self, loss):
        """Return what `early_stopping_scoring` gives for the fit so far."""
        held = self.held
        if self.estimator.early_stopping_scoring == "loss":
            return -loss
        weights = {}
        if held.sample_weight is not None:
            weights["sample_weight"] = held.sample_weight
        model = copy.copy(self.estimator)
        vars(model).update(self._fitted_attributes())
        vars(model).pop("feature_names_in_", None)  # the rows have no names any more
        return self._scorer(model, held.X, held.y, **weights)

    @abstractmethod
    def _fitted_attributes(self):
        """Return the attributes of the estimator as the fit now stands."""

    @abstractmethod
    def _loss_and_score(self):
        """Return loss and score of the held-out samples as the fit now stands."""
