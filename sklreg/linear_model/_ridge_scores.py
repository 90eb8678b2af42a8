"""Scores of ridge regression's cross-validation, and the choice among them."""

from inspect import signature
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_scalar

from sklreg.linear_model._selection import choose


class Predictions(RegressorMixin, BaseEstimator):
    """Hand predictions to a scorer: the "samples" are the predictions."""

    def predict(self, predictions):
        return predictions

    decision_function = predict


def checked_alphas(alphas, *, zero_allowed):
    """Return the alphas as an array, or say which of them is wrong."""
    values = [alphas] if np.ndim(alphas) == 0 else list(alphas)
    if not values:
        raise ValueError("alphas must hold at least one number; got none.")
    for k, alpha in enumerate(values):
        check_scalar(
            alpha,
            "alphas" if len(values) == 1 else f"alphas[{k}]",
            target_type=Real,
            min_val=0.0,
            include_boundaries="left" if zero_allowed else "neither",
        )
        if not np.isfinite(alpha):
            raise ValueError(f"alphas[{k}] == {alpha}, must be finite.")
    return np.asarray(values)


def score_predictions(predictions, y, scorer, params, *, per_target=False):
    """Score predictions (n_samples, n_targets, n_alphas) against y.

    Returns one score for each alpha, or with `per_target` for each target and alpha.
    """
    n_alphas = predictions.shape[2]

    def score(predicted, target):
        return scorer(Predictions(), predicted, target, **params)

    if per_target and y.ndim == 2:
        return np.array(
            [
                [score(predictions[:, t, k], y[:, t]) for k in range(n_alphas)]
                for t in range(y.shape[1])
            ]
        )
    return np.array(
        [score(shaped(predictions[:, :, k], y), y) for k in range(n_alphas)]
    )


def takes_weights(scorer, scoring):
    if scoring is None:
        return True
    function = getattr(scorer, "_score_func", scorer)
    return "sample_weight" in signature(function).parameters


def shaped(predictions, y):
    return predictions[:, 0] if y.ndim == 1 else predictions


def first_best(scores):
    """Return the last axis' first largest entry; a score that is NaN is the least."""
    return np.argmax(np.where(np.isnan(scores), -np.inf, scores), axis=-1)


def choose_alpha(rule, alphas, errors):
    """Choose by a rule other than the least error, alphas being in any order.

    Parameters
    ----------
    rule : str or callable
        ``selection_rule``; see :func:`~sklreg.linear_model._selection.choose`.
    alphas : ndarray of shape (n_alphas,)
        Penalties.
    errors : ndarray of shape (n_alphas, n_folds)
        Errors, lower ones being better.

    Returns
    -------
    best, least, within : int
        Places in `alphas` of the choice, of the least mean error and of the strongest
        penalty within one standard error of it.
    """
    order = np.argsort(-alphas, kind="stable")
    choice = choose(rule, errors[order], alphas[order])
    return tuple(int(order[k]) for k in (choice.chosen, choice.least, choice.within))
