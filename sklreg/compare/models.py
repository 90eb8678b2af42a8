"""Who is compared: one entry for each regulariser and its scikit-learn built-in.

A new row of the table is a new entry of :data:`MODELS`. Everything a comparison
needs to know about a model stands in its entry; nothing else in the package names
one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sklearn.linear_model

import sklreg.linear_model
from sklreg.compare.certificate import relative_duality_gap

N_ALPHAS = 100
N_RIDGE_ALPHAS = 31
MAX_ITER = 10_000
L1_RATIO = 0.5


@dataclass(frozen=True)
class Model:
    """A regulariser that both libraries have.

    Attributes
    ----------
    title : str
        What the reader sees.

    name : str
        Class in ``linear_model`` of both libraries.

    tasks : tuple of str
        Tasks it takes part in.

    targets : callable
        ``targets(problem)``: the target vectors to fit, one model each.

    scores : callable
        ``scores(fitted, X)``: what one fitted model gives to each row.

    grid : callable
        ``grid(X, y)``: the penalties to try, in falling order.

    parameters : callable
        ``parameters(settings, folds, grid)``: constructor arguments, the same for
        both libraries.

    gap : callable
        ``gap(fitted, X, y)``: relative duality gap.

    fold_errors : callable
        ``fold_errors(fitted, X, y, folds)``: penalties and the mean squared error of
        each on each fold, for the cross-validation curve.
    """

    title: str
    name: str
    tasks: tuple
    targets: Callable
    scores: Callable
    grid: Callable
    parameters: Callable
    gap: Callable
    fold_errors: Callable

    def make(self, library, settings, folds, grid):
        """Return an unfitted estimator of ``"sklreg"`` or ``"scikit-learn"``."""
        home = {"sklreg": sklreg.linear_model, "scikit-learn": sklearn.linear_model}
        return getattr(home[library], self.name)(
            **self.parameters(settings, folds, grid)
        )


def numeric_targets(problem):
    """Return the target of regression, 0/1 for two classes, 0/1 for each of more."""
    if not problem.classes:
        return [problem.y_train]
    if len(problem.classes) == 2:
        return [(problem.y_train == 1).astype(float)]
    return [(problem.y_train == k).astype(float) for k in range(len(problem.classes))]


def predictions(fitted, X):
    """What a regressor predicts."""
    return fitted.predict(X)


def _l1_grid(l1_ratio):
    def grid(X, y):
        largest = np.abs(X.T @ (y - y.mean())).max() / (len(y) * l1_ratio)
        return largest * np.geomspace(1.0, 1e-3, N_ALPHAS)

    return grid


def _ridge_grid(X, y):
    # The columns have about unit variance: n_samples is about where shrinking starts.
    return len(y) * np.geomspace(1e2, 1e-4, N_RIDGE_ALPHAS)


def _l1_parameters(**own):
    def parameters(settings, folds, grid):
        return {
            "alphas": grid,
            "cv": folds,
            "tol": settings.tol,
            "max_iter": MAX_ITER,
            "n_jobs": settings.n_jobs,
            **own,
        }

    return parameters


def _ridge_parameters(settings, folds, grid):
    return {"alphas": grid, "cv": folds, "scoring": "neg_mean_squared_error"}


def _l1_gap(fitted, X, y):
    penalty = len(y) * fitted.alpha_
    l1_ratio = getattr(fitted, "l1_ratio_", 1.0)
    return relative_duality_gap(
        X, y, fitted.coef_, penalty * l1_ratio, penalty * (1.0 - l1_ratio)
    )


def _ridge_gap(fitted, X, y):
    return relative_duality_gap(X, y, fitted.coef_, 0.0, fitted.alpha_)


def _stored_fold_errors(fitted, X, y, folds):
    return fitted.alphas_, fitted.mse_path_


def _ridge_fold_errors(fitted, X, y, folds):
    alphas = np.asarray(fitted.alphas)
    errors = np.empty((alphas.size, len(folds)))
    for f, (train, test) in enumerate(folds):
        X_train, y_train, X_test, y_test = X[train], y[train], X[test], y[test]
        for a, alpha in enumerate(alphas):
            ridge = sklreg.linear_model.Ridge(alpha=alpha).fit(X_train, y_train)
            errors[a, f] = np.mean((y_test - ridge.predict(X_test)) ** 2)
    return alphas, errors


BOTH_TASKS = ("regression", "classification")

MODELS = (
    Model(
        title="lasso",
        name="LassoCV",
        tasks=BOTH_TASKS,
        targets=numeric_targets,
        scores=predictions,
        grid=_l1_grid(1.0),
        parameters=_l1_parameters(),
        gap=_l1_gap,
        fold_errors=_stored_fold_errors,
    ),
    Model(
        title="elastic net",
        name="ElasticNetCV",
        tasks=BOTH_TASKS,
        targets=numeric_targets,
        scores=predictions,
        grid=_l1_grid(L1_RATIO),
        parameters=_l1_parameters(l1_ratio=L1_RATIO),
        gap=_l1_gap,
        fold_errors=_stored_fold_errors,
    ),
    Model(
        title="ridge",
        name="RidgeCV",
        tasks=BOTH_TASKS,
        targets=numeric_targets,
        scores=predictions,
        grid=_ridge_grid,
        parameters=_ridge_parameters,
        gap=_ridge_gap,
        fold_errors=_ridge_fold_errors,
    ),
)
