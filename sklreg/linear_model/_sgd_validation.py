"""The rows that stochastic descent is judged on, and the judging of an epoch."""

import copy
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from sklreg.losses import LOSSES


@dataclass
class ValidationSet:
    """Samples kept out of training; `skip` marks them if they are rows of X."""

    X: object
    y: np.ndarray
    sample_weight: np.ndarray | None
    skip: np.ndarray


def split_off(estimator, X, y, sample_weight, weighted):
    """Return the validation set that `estimator`'s parameters cut from its data."""
    n_samples = len(y)
    if estimator.validation_split is not None:
        train, held_out = _given_split(estimator.validation_split, X, y)
    else:
        splitter = StratifiedShuffleSplit if is_classifier(estimator) else ShuffleSplit
        cut = splitter(
            n_splits=1,
            test_size=estimator.validation_fraction,
            random_state=estimator.random_state,
        )
        train, held_out = next(cut.split(np.zeros((n_samples, 1)), y))
    if not len(train) or not len(held_out):
        raise ValueError(
            f"Splitting {n_samples} samples into a train set and a validation set led "
            f"to an empty set ({len(train)} and {len(held_out)} samples). Please "
            "either change validation_fraction or validation_split, increase number of "
            "samples, or disable early_stopping."
        )
    if np.intersect1d(train, held_out).size:
        raise ValueError("validation_split yields train and validation sets that meet.")
    if not np.any(sample_weight[held_out] > 0):
        raise ValueError(
            "The sample weights for validation set are all zero, consider using a"
            " different random state."
        )
    if is_classifier(estimator):
        missing = np.setdiff1d(estimator.classes_, y[train])
        if missing.size:
            raise ValueError(
                f"The training part of the validation split lacks the classes "
                f"{missing.tolist()}."
            )
        check_validation_classes(y[held_out])
    skip = np.ones(n_samples, dtype=bool)
    skip[train] = False
    held_out = np.sort(held_out)
    weights = sample_weight[held_out] if weighted else None
    return ValidationSet(X[held_out], y[held_out], weights, skip)


def check_validation_classes(y):
    """Raise if a classifier could not be judged by these targets."""
    labels = np.unique(y)
    if len(labels) < 2:
        raise ValueError(
            "The validation set holds one class only, "
            f"{labels.tolist()}: no score could tell classifiers apart by it."
        )


def _given_split(validation_split, X, y):
    pairs = validation_split
    if hasattr(pairs, "split"):
        pairs = pairs.split(X, y)
    try:
        train, held_out = next(iter(pairs))
    except (TypeError, ValueError, StopIteration) as error:
        raise ValueError(
            "validation_split must be a splitter or an iterable of pairs of index "
            f"arrays (train, validation): {error}"
        ) from error
    n_samples = len(y)
    indices = []
    for rows in (train, held_out):
        rows = np.asarray(rows)
        if rows.dtype == bool and rows.shape == (n_samples,):
            rows = np.flatnonzero(rows)
        rows = rows.astype(np.intp) if not rows.size else rows
        if not np.issubdtype(rows.dtype, np.integer) or np.any(
            (rows < -n_samples) | (rows >= n_samples)
        ):
            raise ValueError(
                f"validation_split must yield indices of the {n_samples} rows of X."
            )
        indices.append(np.unique(rows % n_samples))
    return indices


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
