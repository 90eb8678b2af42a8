"""Coefficients of linear members, on the scale of the data that the ensemble saw."""

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)


def coefficients(members, features, n_features):
    """Return the coefficients, shape (n_members, n_features) or with targets between.

    A column that a member has not seen holds NaN; one drawn twice, the sum.

    Parameters
    ----------
    members : list of estimators
        Fitted linear models, alone or behind scalers of single columns.
    features : list of ndarray of int
        The columns of each.
    n_features : int
        Number of columns.

    Returns
    -------
    ndarray of shape (n_members, n_features) or (n_members, n_targets, n_features)

    Raises
    ------
    AttributeError
        If a member has no ``coef_``, or stands behind a step that mixes columns.
    """
    found = []
    for member, columns in zip(members, features, strict=True):
        coef = _unscaled(member)
        if coef.ndim == 2 and len(coef) == 1:
            coef = coef[0]
        if coef.shape[-1] != len(columns):
            raise AttributeError(
                f"The coefficients of {type(member).__name__} are not those of the "
                "columns of X."
            )
        full = np.full((*coef.shape[:-1], n_features), np.nan)
        full[..., columns] = 0.0
        np.add.at(full, (..., columns), coef)
        found.append(full)
    if len({coef.shape for coef in found}) > 1:
        raise AttributeError(
            "The members have coefficients of different shapes: not all of them saw "
            "all classes."
        )
    return np.stack(found)


def _unscaled(member):
    steps = [member]
    if isinstance(member, Pipeline):
        steps = [step for _, step in member.steps if step not in (None, "passthrough")]
    coef = getattr(steps[-1], "coef_", None)
    if coef is None:
        raise AttributeError(f"{type(steps[-1]).__name__} has no coef_.")
    coef = np.asarray(coef.toarray() if hasattr(coef, "toarray") else coef, np.float64)
    for step in reversed(steps[:-1]):
        if isinstance(step, MinMaxScaler):
            coef = coef * step.scale_
        elif isinstance(step, (StandardScaler, MaxAbsScaler, RobustScaler)):
            coef = coef if step.scale_ is None else coef / step.scale_
        else:
            raise AttributeError(
                f"Coefficients behind {type(step).__name__} are not those of the "
                "columns of X."
            )
    return coef
