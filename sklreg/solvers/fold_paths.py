"""Test errors along a path of penalties, for one fold of a cross-validation."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse

from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.path import solve_path


@dataclass
class FoldErrors:
    """What one fold has to say.

    Attributes
    ----------
    errors : ndarray of shape (n_alphas,)
        Weighted mean squared error on the test rows.
    gaps : ndarray of shape (n_alphas,)
        Duality gaps of the fits on the training rows.
    goal : float
        What the gaps were to be brought down to.
    """

    errors: np.ndarray
    gaps: np.ndarray
    goal: float


def training_weight(train, n_samples, sample_weight):
    """Return the weight of every row in a training set: 0 outside it.

    Rows are not copied: a row outside has no weight, one drawn twice has it twice.
    """
    weight = np.bincount(train, minlength=n_samples).astype(np.float64)
    return weight if sample_weight is None else weight * sample_weight


def fold_path_errors(
    X, y, sample_weight, train, test, alphas, l1_ratio, *, fit_intercept, gram, options
):
    """Fit a path on the training rows and return its errors on the test rows.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features)
        All the rows.
    y : ndarray of shape (n_samples,)
        Target.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights, of training and test rows.
    train, test : ndarray of int
        Indices of the rows.
    alphas : ndarray of shape (n_alphas,)
        Penalties, in decreasing order.
    l1_ratio : float
        Share of the L1 penalty.
    fit_intercept : bool
        Whether to fit an intercept.
    gram : bool
        Whether to make the Gram matrix of all the features first.
    options : dict
        ``positive`` and ``random_state`` of the problem, ``tol`` and ``max_iter``
        of its solutions.

    Returns
    -------
    FoldErrors
    """
    n_samples = X.shape[0]
    design = make_design(
        X, training_weight(train, n_samples, sample_weight), fit_intercept
    )
    target, offset = design.targets(y)
    problem = LeastSquaresProblem(
        design,
        target,
        gram=design.gram() if gram and not issparse(X) else None,
        positive=options["positive"],
        random_state=options["random_state"],
    )
    solutions = solve_path(
        problem, alphas, l1_ratio, tol=options["tol"], max_iter=options["max_iter"]
    )
    coefs = np.stack([solution.w for solution in solutions], axis=1)
    used = np.flatnonzero(coefs.any(axis=1))
    rows = X[test][:, used] if issparse(X) else X[np.ix_(test, used)]
    predictions = rows @ coefs[used] + design.intercept(offset, coefs)
    squares = (predictions - np.asarray(y, dtype=np.float64)[test, None]) ** 2
    weights = None if sample_weight is None else sample_weight[test]
    return FoldErrors(
        np.average(squares, axis=0, weights=weights),
        np.array([solution.gap for solution in solutions]),
        problem.goal(options["tol"]),
    )
