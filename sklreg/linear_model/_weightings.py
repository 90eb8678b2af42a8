"""Many copies of one linear model, each fitted to its own weighting of the same rows.

The protocol of the ensembles: a model with a method

``_fit_weightings(members, X, y, weights, *, each, standardize)``

fits `members`, clones of itself, to the rows of X under one weight vector each, and
returns a list of ``(mean, variance, scale)`` of the weighted columns. Where it has
nothing better to offer than one fit after another it returns NotImplemented, before
anything has been done.
"""

import numpy as np
from scipy.sparse import issparse

from sklreg._validation import validate_data
from sklreg.solvers.enet_weightings import enet_weightings
from sklreg.solvers.ridge_weightings import ridge_weightings
from sklreg.solvers.weightings import Weightings, column_scale

# Options that treat features, or what is returned, in ways not shared by weightings.
_SINGLE = ("penalty_factor", "exclude", "coef_bounds", "adaptive")


def _rows(model, members, X, y, *, each, standardize):
    X, y = validate_data(
        members[0],
        X,
        y,
        dtype=[np.float64, np.float32],
        multi_output=True,
        y_numeric=True,
    )
    data = Weightings(
        X,
        y.reshape(len(y), -1),
        center=model.fit_intercept,
        variances=standardize or model.standardize,
        each=each,
    )
    return data, X, y


def _store(member, fit, X, standardize):
    """Set what was fitted; return the columns' means, variances and scales."""
    mean, scale = fit.mean, np.ones(len(fit.mean))
    if standardize:
        scale = column_scale(mean, fit.variance, len(X))
    coef = (fit.w.T * scale).astype(X.dtype)
    if not member.fit_intercept:
        intercept = 0.0
    elif standardize:  # the scaler centres
        intercept = np.asarray(fit.offset).astype(X.dtype)[()]
    else:
        intercept = np.asarray(fit.offset - mean @ fit.w).astype(X.dtype)[()]
    member.coef_, member.intercept_ = coef, intercept
    member.n_features_in_, member._has_offset = X.shape[1], False
    return mean, fit.variance, scale


def _offered(model, X, y, standardize):
    """Whether the data are of the kind that the shared solvers take."""
    return (
        not issparse(X)
        and all(getattr(model, name, None) is None for name in _SINGLE)
        and getattr(X, "ndim", 0) == 2
        and X.shape[0] > 1
        and X.shape[1] > 0
        # the scaler centres, the model would not
        and (model.fit_intercept or not (standardize or model.standardize))
    )


def fit_elastic_nets(model, members, X, y, weights, *, each, standardize, warn):
    """Fit elastic nets; ``warn(gap, goal)`` is told of the worst that fell short."""
    l1 = model.alpha * model.l1_ratio
    if (
        not _offered(model, X, y, standardize)
        or np.ndim(y) != 1
        or l1 <= 0.0
        or model.selection != "cyclic"
        or model.warm_start
        or model.relax
        or model.store_path is not False
        or not (model.precompute is False or model.precompute is True)
    ):
        return NotImplemented
    data, X, y = _rows(model, members, X, y, each=each, standardize=standardize)
    fits = enet_weightings(
        data,
        weights,
        len(members),
        l1,
        model.alpha * (1.0 - model.l1_ratio),
        positive=model.positive,
        tol=model.tol,
        max_iter=1000 if model.max_iter is None else model.max_iter,
    )
    found, short = [], []
    for member, fit in zip(members, fits, strict=True):
        found.append(_store(member, fit, X, standardize))
        member.dual_gap_, member.n_iter_ = fit.gap, fit.n_iter
        if fit.gap > fit.goal:
            short.append(fit)
    if short:
        worst = max(short, key=lambda fit: fit.gap / fit.goal)
        warn(worst.gap, worst.goal)
    return found


def fit_ridges(model, members, X, y, weights, *, each, standardize):
    """Fit ridge regressions, all with the parameters of `model`."""
    if (
        not _offered(model, X, y, standardize)
        or model.positive
        or model.solver not in ("auto", "cholesky")
        or np.ndim(y) not in (1, 2)
    ):
        return NotImplemented
    alphas = model._alphas(1 if np.ndim(y) == 1 else y.shape[1])
    if not np.all(alphas > 0):
        return NotImplemented
    data, X, y = _rows(model, members, X, y, each=each, standardize=standardize)
    fits = ridge_weightings(data, weights, len(members), alphas)
    found = []
    for member, fit in zip(members, fits, strict=True):
        n_iter = np.ones(len(alphas), dtype=np.int32)
        if y.ndim == 1:
            fit.w, fit.offset, fit.gap = fit.w[:, 0], fit.offset[0], float(fit.gap[0])
        found.append(_store(member, fit, X, standardize))
        member.dual_gap_ = fit.gap
        member.n_iter_ = n_iter if model.solver == "auto" else None
        member.solver_ = "cholesky"
    return found
