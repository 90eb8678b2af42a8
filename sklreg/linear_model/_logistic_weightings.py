"""Many copies of one logistic model, each fitted to its own weighting of the same rows.

The columns in the working set are copied and centred once for each thread, and every
weighting starts from the solution on all rows; see ``_weightings.py`` for the protocol.
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
    ClassProblem,
    check_present,
    encode,
    feature_terms,
    weigh,
    weights_of_classes,
)
from sklreg.solvers.weightings import column_scale

# Weight vectors held at a time.
_CHUNK = 32


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
    C, l1_ratio = read_penalty(model, stacklevel=7)
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
    start = problem.solve(C, l1_ratio, **solving)
    held = threading.local()

    def solve(weight):
        weight = np.asarray(weight, dtype=np.float64)
        before = getattr(held, "problem", problem)
        own = before.reweighted(row_weights(weight), share=before is not problem)
        check_present(own, classes, stacklevel=6)
        held.problem = own
        moments = _moments(X, weight) if standardize else (None, None, None)
        return own.solve(C, l1_ratio, start, **solving), moments

    weights, solved = iter(weights), []
    while chunk := list(islice(weights, _CHUNK)):
        solved += each(solve, chunk)
    for member, (fit, (mean, _, scale)) in zip(members, solved, strict=True):
        if standardize:
            fit = replace(
                fit, coef=fit.coef * scale, intercept=fit.intercept + fit.coef @ mean
            )
        member.classes_ = classes
        member._take(fit, X.dtype)
        member.n_features_in_, member._has_offset = X.shape[1], False
    worst = max((fit for fit, _ in solved), key=lambda fit: fit.gap - fit.goal)
    warn_of(worst, model.max_iter, stacklevel=7)
    return [moments for _, moments in solved]


def _moments(X, weight):
    """Return weighted means, variances and scales of the columns."""
    share = weight / weight.sum()
    mean = share @ X
    variance = share @ (X - mean) ** 2
    return mean, variance, column_scale(mean, variance, len(X))
