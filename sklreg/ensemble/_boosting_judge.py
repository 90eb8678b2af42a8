"""The judging of stages of boosting on rows that were held out."""

import copy

from sklearn.metrics import check_scoring

from sklreg.ensemble._boosting_stage import add_stage


class Judge:
    """Raw predictions of the held-out rows, kept up with the stages, and their scores.

    Parameters
    ----------
    estimator : GradientBoostingClassifier or GradientBoostingRegressor
        The estimator in its fit, with the stages it resumes from.
    held : ValidationSet
        The rows.
    stages : Stages
        The stages being fitted.
    """

    def __init__(self, estimator, held, prepare):
        self.estimator, self.held = estimator, held
        self.objective = estimator._objective
        self.target = self.objective.targets(estimator._codes(held.y))
        self.raw = estimator._raw(held.X)
        self.X = prepare(held.X)
        self.losses, self.scores = [], []
        scoring = estimator.early_stopping_scoring
        self._scorer = None
        if scoring != "loss":
            self._scorer = check_scoring(estimator, scoring=scoring)

    def take(self, member, step, used):
        """Add a stage and judge the model with it."""
        rate = self.estimator.learning_rate
        add_stage(self.raw, self.X, member, [rate * s for s in step], used)
        weight = self.held.sample_weight
        self.losses.append(self.objective.value(self.target, self.raw, weight))
        if self._scorer is None:
            self.scores.append(-self.losses[-1])
            return
        view = copy.copy(self.estimator)
        vars(view).pop("feature_names_in_", None)
        view._known_raw = self.raw
        params = {} if weight is None else {"sample_weight": weight}
        self.scores.append(
            float(self._scorer(view, self.held.X, self.held.y, **params))
        )
