"""Warnings that point to the user's line."""

import sys
import warnings

# frames between a user's call and ours
_PASSED_THROUGH = {"sklreg", "sklearn", "imblearn", "joblib"}


def warn(message, category=UserWarning):
    """Warn at the innermost line of code that is not ours or a wrapper's.

    However deep the call that finds the reason is, and whether an estimator is called
    by the user or from inside a pipeline or a grid search.

    Parameters
    ----------
    message : str
        What is wrong, and what to do about it.
    category : type, default=UserWarning
        Class of the warning.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _package(frame) in _PASSED_THROUGH:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _package(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
