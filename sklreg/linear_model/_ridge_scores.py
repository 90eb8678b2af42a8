"""Scores of ridge regression's cross-validation, and the choice among them."""

from inspect import signature

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from sklreg.linear_model._selection import choose


class Predictions(RegressorMixin, BaseEstimator):
    """Hand predictions to a scorer: the "samples" are the predictions."""

    def predict(self, predictions):
        return predictions

    decision_function = predict


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
