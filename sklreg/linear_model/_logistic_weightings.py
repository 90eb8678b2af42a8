"""Many copies of one logistic model, each fitted to its own weighting of the same rows.

Every weighting starts from the solution on all rows. Binary models with an L1 penalty
on dense data take their steps together; whatever that leaves is solved one after the
other. See ``_weightings.py`` for the protocol.
"""

import threading
from dataclasses import replace
from itertools import islice

import numpy as np
from scipy.sparse import issparse

from sklreg._validation import validate_data
from sklreg.linear_model._logistic_fitted import warn_of
from sklreg.linear_model._logistic_penalty import check_dual, read_penalty
from sklreg.linear_model._logistic_problem import (
    _ROUNDING,
    ClassProblem,
    Fit,
    check_present,
    encode,
    feature_terms,
    weigh,
    weights_of_classes,
)
from sklreg.solvers.logistic_weightings import logistic_weightings
from sklreg.solvers.weightings import column_scale

# Weight vectors held at a time.
_CHUNK = 64
# The solution on all rows is as far from any member's as it is worth while to find it.
_START = 0.1


def fit_logistics(model, members, X, y, weights, *, each, standardize):
    """Fit logistic regressions, all with the parameters of `model`."""
    options = (
        model.penalty_factor,
        model.exclude,
        model.coef_bounds,
        model.class_weight,
    )
    if (
        not model.max_iter
        or model.warm_start
        or model.n_jobs is not None
        or model.store_path is not False
        or getattr(model, "_skl_callbacks", None)
        or (standardize and (issparse(X) or not model.fit_intercept))
        # bounds and factors are those of scaled features; a scaler knows no classes
        or (standardize and any(option is not None for option in options))
    ):
        return NotImplemented
    C, l1_ratio = read_penalty(model)
    check_dual(model)
    X, y = validate_data(
        members[0], X, y, accept_sparse="csc", dtype=[np.float64, np.float32]
    )
    classes, codes = encode(y)
    terms = feature_terms(model, X.shape[1])
    if standardize:
        terms = replace(terms, standardize=True)

    def row_weights(weight):
        of_class = weights_of_classes(model.class_weight, classes, codes, weight)
        return weigh(codes, weight, of_class)

    solving = {"tol": model.tol, "max_iter": model.max_iter}
    problem = ClassProblem(
        X,
        codes,
        len(classes),
        row_weights(None),
        terms=terms,
        fit_intercept=model.fit_intercept,
    )
    start = problem.solve(
        C, l1_ratio, tol=max(model.tol, _START), max_iter=model.max_iter
    )
    held = threading.local()

    def solve(weight):
        before = getattr(held, "problem", problem)
        own = before.reweighted(row_weights(weight), share=before is not problem)
        check_present(own, classes)
        held.problem = own
        return own.solve(C, l1_ratio, start, **solving)

    weights, fits, moments = iter(weights), [], []
    while chunk := list(islice(weights, _CHUNK)):
        chunk = [np.asarray(weight, dtype=np.float64) for weight in chunk]
        owns = [problem.reweighted(row_weights(weight)) for weight in chunk]
        shared = _solve_together(owns, C, l1_ratio, start, **solving, each=each)
        lone = each(solve, [w for w, fit in zip(chunk, shared, strict=True) if not fit])
        lone = iter(lone)
        fits += [fit or next(lone) for fit in shared]
        if standardize:
            moments += each(lambda weight: _moments(X, weight), chunk)
    if not standardize:
        moments = [(None, None, None)] * len(fits)
    for member, fit, (mean, _, scale) in zip(members, fits, moments, strict=True):
        if standardize:
            fit = replace(
                fit, coef=fit.coef * scale, intercept=fit.intercept + fit.coef @ mean
            )
        member.classes_ = classes
        member._take(fit, X.dtype)
        member.n_features_in_, member._has_offset = X.shape[1], False
    worst = max(fits, key=lambda fit: fit.gap - fit.goal)
    warn_of(worst, model.max_iter)
    return moments


def _solve_together(problems, C, l1_ratio, start, *, tol, max_iter, each):
    """Return a :class:`Fit` for each problem, None where it takes a fit of its own."""
    first, fits = problems[0], [None] * len(problems)
    if first.rows > 1 or issparse(first.X) or not start.gap <= start.goal:
        return fits
    w, intercept = start.coef[0], float(start.intercept[0])
    raw = first.X @ w + intercept
    gap_tol = max(tol**2, _ROUNDING)
    penalties = [own.penalties(C, l1_ratio) for own in problems]
    shared = [
        b
        for b, (own, (l1, _)) in enumerate(zip(problems, penalties, strict=True))
        if own.present.all() and l1.all()
    ]
    found = logistic_weightings(
        [problems[b]._solver for b in shared],
        [penalties[b] for b in shared],
        (w, intercept, raw),
        tol=gap_tol,
        max_iter=max_iter,
        each=each,
    )
    for b, one in zip(shared, found, strict=True):
        if one is not None:
            fits[b] = Fit(
                one.w[None],
                np.array([one.intercept]),
                max(one.gap, 0.0),  # below it is rounding
                gap_tol * one.null_value,
                one.n_iter,
            )
    return fits


def _moments(X, weight):
    """Return weighted means, variances and scales of the columns."""
    share = weight / weight.sum()
    mean = share @ X
    variance = share @ (X - mean) ** 2
    return mean, variance, column_scale(mean, variance, len(X))
