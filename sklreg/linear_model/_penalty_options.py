"""Per-feature penalties: factors, exclusion, bounds, standardisation.

One place reads these parameters for every linear model and turns them into
:class:`~sklreg.solvers.penalty_terms.PenaltyTerms`; errors name the parameter and the
column.
"""

from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np

from sklreg.solvers.penalty_terms import PenaltyTerms

#: To be merged into an estimator's ``_parameter_constraints``.
PENALTY_CONSTRAINTS = {
    "penalty_factor": ["array-like", Mapping, None],
    "exclude": ["array-like", None],
    "coef_bounds": [tuple, list, None],
    "standardize": ["boolean"],
}


def resolve_penalty_options(
    n_features,
    feature_names=None,
    *,
    penalty_factor=None,
    exclude=None,
    coef_bounds=None,
    standardize=False,
    positive=False,
):
    """Return the penalty of every feature, or None where all are treated alike.

    Parameters
    ----------
    n_features : int
        Number of features.
    feature_names : array-like of str or None
        Names by which the options may call features.
    penalty_factor : array-like, mapping or None
        Multiplies the penalty of each feature: 0 leaves it unpenalised, infinity
        excludes it. Factors are not rescaled. A mapping goes by name, its other
        features have 1.
    exclude : array-like or None
        Indices, names or a mask of the features to leave out.
    coef_bounds : (lower, upper) or None
        Bounds of the coefficients: numbers, arrays or mappings by name,
        ``lower <= 0 <= upper``; None is no bound.
    standardize : bool
        Whether the penalty is that of features of unit standard deviation: terms
        that carry this wish are to be ``scaled`` with the data they are fitted to.
    positive : bool
        Raises every lower bound to 0.

    Returns
    -------
    PenaltyTerms or None
        None where every option has its default; ``positive`` alone is a default.

    Raises
    ------
    ValueError
        Naming the parameter and the column that does not fit.
    """
    given = (penalty_factor, exclude, coef_bounds)
    if all(option is None for option in given) and not standardize:
        return None
    names = None if feature_names is None else [str(name) for name in feature_names]
    factors = _factors(penalty_factor, n_features, names)
    excluded = _excluded(exclude, n_features, names)
    lower, upper = _bounds(coef_bounds, n_features, names)
    if positive:
        lower = np.maximum(lower, 0.0)
    ones = np.ones(n_features)
    terms = PenaltyTerms(ones, ones, lower, upper, excluded, standardize)
    return terms.refactored(ones if factors is None else factors)


def options_of(estimator):
    """Return the options that an estimator has among its parameters, as keywords."""
    names = (*PENALTY_CONSTRAINTS, "positive")
    return {
        name: getattr(estimator, name) for name in names if hasattr(estimator, name)
    }


def _column(j, names):
    """Return how an error speaks of a column."""
    return f"[{j}]" if names is None else f"[{j}] (feature {names[j]!r})"


def _position(name, option, names):
    """Return the index of a named feature."""
    if names is None:
        raise ValueError(
            f"{option} names the feature {name!r}, but X has no feature names."
        )
    if name not in names:
        raise ValueError(f"{option} names the feature {name!r}, which X does not have.")
    return names.index(name)


def _per_feature(values, option, default, n_features, names):
    """Return one float for each feature from a number, an array or a mapping."""
    out = np.full(n_features, default)
    if values is None:
        return out
    if isinstance(values, Mapping):
        for name, value in values.items():
            j = _position(name, option, names)
            if not isinstance(value, Real):
                raise ValueError(f"{option}{_column(j, names)} is not a number.")
            out[j] = value
        return out
    try:
        values = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{option} must hold numbers; got {values!r}.") from None
    if values.ndim and values.shape != (n_features,):
        raise ValueError(
            f"{option} has shape {values.shape}; X has {n_features} features."
        )
    out[:] = values
    return out


def _refuse(bad, values, option, names, demand):
    if bad.any():
        j = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{option}{_column(j, names)} is {values[j]:g}; it must be {demand}."
        )


def _factors(penalty_factor, n_features, names):
    if penalty_factor is None:
        return None
    option = "penalty_factor"
    if not isinstance(penalty_factor, Mapping) and np.ndim(penalty_factor) == 0:
        raise ValueError(
            f"{option} must be an array with a number for each feature, or a mapping "
            f"from feature names to numbers; got {penalty_factor!r}."
        )
    factors = _per_feature(penalty_factor, option, 1.0, n_features, names)
    _refuse(~(factors >= 0.0), factors, option, names, "0 or larger")
    return factors


def _excluded(exclude, n_features, names):
    mask = np.zeros(n_features, dtype=bool)
    if exclude is None:
        return mask
    entries = np.asarray(exclude)
    if entries.ndim != 1:
        raise ValueError(
            "exclude must be a one-dimensional mask, list of indices or list of names; "
            f"got {exclude!r}."
        )
    if entries.dtype == bool:
        if len(entries) != n_features:
            raise ValueError(
                f"exclude is a mask of {len(entries)} features; X has {n_features}."
            )
        return entries.copy()
    for entry in exclude:
        if isinstance(entry, str):
            mask[_position(entry, "exclude", names)] = True
        elif not isinstance(entry, Integral):
            raise ValueError(
                f"exclude holds {entry!r}; it takes indices, names or a mask."
            )
        elif not -n_features <= entry < n_features:
            raise ValueError(
                f"exclude holds the index {entry}; X has {n_features} features."
            )
        else:
            mask[entry] = True
    return mask


def _bounds(coef_bounds, n_features, names):
    if coef_bounds is None:
        coef_bounds = (None, None)
    if len(coef_bounds) != 2:
        raise ValueError(
            "coef_bounds must be a pair (lower, upper); got "
            f"{len(coef_bounds)} entries."
        )
    sides = []
    for side, name, default in zip(
        coef_bounds, ("lower", "upper"), (-np.inf, np.inf), strict=True
    ):
        option = f"coef_bounds {name}"
        values = _per_feature(side, option, default, n_features, names)
        bad = ~(values <= 0.0) if name == "lower" else ~(values >= 0.0)
        demand = "0 or smaller" if name == "lower" else "0 or larger"
        _refuse(bad, values, option, names, demand)
        sides.append(values)
    return sides
