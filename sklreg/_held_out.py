"""The rows that an iterative fit is judged on: cut from its data, or given to it."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit


@dataclass
class ValidationSet:
    """Samples kept out of training; `skip` marks them if they are rows of X."""

    X: object
    y: np.ndarray
    sample_weight: np.ndarray | None
    skip: np.ndarray


def is_given(X_val, y_val, sample_weight_val):
    """Return whether `fit` got a validation set; raise if it got a part of one."""
    if X_val is None:
        if y_val is not None or sample_weight_val is not None:
            raise ValueError("y_val and sample_weight_val need X_val too.")
        return False
    if y_val is None:
        raise ValueError("X_val needs y_val too.")
    return True


def check_only_given(estimator, y_val):
    """Raise if the given validation set is empty, or not the only one."""
    if estimator.validation_split is not None:
        raise ValueError("Give X_val to fit or validation_split, not both.")
    if np.ndim(y_val) and not len(y_val):
        raise ValueError("The validation set is empty: X_val has no samples.")


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
