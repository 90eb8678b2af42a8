"""Choosing a penalty from the errors of a cross-validation."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from sklreg._validation import StrOptions

#: To be merged into an estimator's ``_parameter_constraints``.
SELECTION_CONSTRAINTS = {"selection_rule": [StrOptions({"min", "1se"}), callable]}


@dataclass(frozen=True)
class Choice:
    """Places on a cross-validation curve.

    Attributes
    ----------
    chosen : int
        The place that the rule picks.
    least : int
        The place of least mean error; of several the strongest penalty.
    within : int
        The strongest penalty whose mean error is within one standard error of the
        least.
    """

    chosen: int
    least: int
    within: int


def standard_error(errors):
    """Return the standard error of the mean over the folds, the last axis.

    It is the standard deviation over the folds (of ``n_folds - 1`` degrees of
    freedom) divided by the root of their number; 0 for a single fold.
    """
    n_folds = errors.shape[-1]
    if n_folds == 1:
        return np.zeros(errors.shape[:-1])
    return errors.std(axis=-1, ddof=1) / np.sqrt(n_folds)


def choose(rule, errors, penalties):
    """Choose a place on a curve of errors (lower is better).

    Parameters
    ----------
    rule : {"min", "1se"} or callable
        "min" takes the least mean error, "1se" the strongest penalty within one
        standard error of it (Breiman et al. 1984), and a callable is called as
        ``rule(penalties, mean, standard_error)`` and returns a place.
    errors : ndarray of shape (n_penalties, n_folds)
        Errors, ordered from the strongest penalty to the weakest.
    penalties : ndarray of shape (n_penalties,) or (n_penalties, 2)
        What a callable gets as its first argument.

    Returns
    -------
    Choice

    Raises
    ------
    ValueError
        If a callable does not return a place on the curve.
    """
    mean, error = errors.mean(axis=-1), standard_error(errors)
    finite = np.where(np.isnan(mean), np.inf, mean)
    least = int(np.argmin(finite))
    within = int(np.argmax(finite <= finite[least] + error[least]))
    if callable(rule):
        chosen = rule(penalties, mean, error)
        whole = isinstance(chosen, Integral)
        if not whole or not 0 <= chosen < len(mean):
            raise ValueError(
                "selection_rule must return the index of a penalty, a whole number "
                f"from 0 to {len(mean) - 1}; got {chosen!r}."
            )
    else:
        chosen = within if rule == "1se" else least
    return Choice(int(chosen), least, within)
