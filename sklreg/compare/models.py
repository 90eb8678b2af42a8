"""Who is compared: one entry for each regulariser and its scikit-learn built-in.

A new row of the table is a new entry of :data:`MODELS`. Everything a comparison
needs to know about a model stands in its entry; nothing else in the package names
one.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sklearn.linear_model

import sklreg.linear_model
from sklreg.compare.certificate import relative_duality_gap, relative_logistic_gap

N_ALPHAS = 100
N_RIDGE_ALPHAS = 31
MAX_ITER = 10_000
L1_RATIO = 0.5
N_CS = 15
LOGISTIC_MAX_ITER = 1000


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
        ``fold_errors(fitted, X, y, folds)``: penalties and the error of each on each
        fold, for the cross-validation curve.

    error_name : str
        What that error is.

    strength : callable
        ``strength(fitted)``: the penalty that was chosen.

    probabilities : bool
        Whether the scores are probabilities of classes.

    path : callable or None
        ``path(fitted, X, y)``: penalties and coefficients (n_features, n_penalties),
        for the regularisation path; None leaves it to the display.
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
    error_name: str = "mean squared error"
    strength: Callable = lambda fitted: fitted.alpha_
    probabilities: bool = False
    path: Callable | None = None

    def make(self, library, settings, folds, grid):
        """Return an unfitted estimator of ``"sklreg"`` or ``"scikit-learn"``."""
        home = {"sklreg": sklreg.linear_model, "scikit-learn": sklearn.linear_model}
        estimator = getattr(home[library], self.name)
        return estimator(**_known_to(estimator, self.parameters(settings, folds, grid)))


def _known_to(estimator, parameters):
    """Say the same to scikit-learn < 1.8, which asks for the penalty by name."""
    known = inspect.signature(estimator).parameters
    if "use_legacy_attributes" in parameters and "use_legacy_attributes" not in known:
        parameters = dict(parameters)
        del parameters["use_legacy_attributes"]
        l1_ratios = parameters.pop("l1_ratios")
        parameters["penalty"] = "l1" if l1_ratios == (1.0,) else "l2"
    return parameters


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


def class_targets(problem):
    """Return the classes as they are: one model for all of them."""
    return [problem.y_train]


def class_probabilities(fitted, X):
    """Return the probability of the second of two classes, or of each of several."""
    probabilities = fitted.predict_proba(X)
    return probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities


def _logistic_grid(l1_ratio):
    def grid(X, y):
        if not l1_ratio:
            # About where shrinking starts, as in ridge.
            return len(y) * np.geomspace(1e1, 1e-4, N_CS)
        classes = np.eye(int(y.max()) + 1)[y]
        largest = np.abs(X.T @ (classes - classes.mean(axis=0))).max()
        return largest * np.geomspace(1.0, 1e-2, N_CS)

    return grid


def _logistic_parameters(l1_ratio, solver):
    def parameters(settings, folds, grid):
        return {
            "Cs": 1.0 / grid,
            "l1_ratios": (l1_ratio,),
            "solver": solver,
            "scoring": "neg_log_loss",
            "use_legacy_attributes": False,
            "cv": folds,
            "max_iter": LOGISTIC_MAX_ITER,
            "n_jobs": settings.n_jobs,
        }

    return parameters


def _chosen_C(fitted):
    return float(np.ravel(fitted.C_)[0])


def _logistic_gap(l1_ratio):
    def gap(fitted, X, y):
        coef, intercept = fitted.coef_, fitted.intercept_
        return relative_logistic_gap(X, y, coef, intercept, _chosen_C(fitted), l1_ratio)

    return gap


def _logistic_fold_errors(fitted, X, y, folds):
    return 1.0 / fitted.Cs_, -fitted.scores_[:, 0].T


def _logistic_path(l1_ratio):
    def path(fitted, X, y):
        Cs, coefs, *_ = sklreg.linear_model.logistic_path(
            X, y, Cs=fitted.Cs_, l1_ratio=l1_ratio
        )
        # Of several classes the largest, as for the other models.
        shown = coefs if coefs.ndim == 2 else coefs[np.argmax(np.bincount(y))]
        return 1.0 / Cs, shown

    return path


def _logistic(title, l1_ratio, solver):
    return Model(
        title=title,
        name="LogisticRegressionCV",
        tasks=("classification",),
        targets=class_targets,
        scores=class_probabilities,
        grid=_logistic_grid(l1_ratio),
        parameters=_logistic_parameters(l1_ratio, solver),
        gap=_logistic_gap(l1_ratio),
        fold_errors=_logistic_fold_errors,
        error_name="log loss",
        strength=lambda fitted: 1.0 / _chosen_C(fitted),
        probabilities=True,
        path=_logistic_path(l1_ratio),
    )


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
    _logistic("logistic, L1", 1.0, "saga"),
    _logistic("logistic, L2", 0.0, "lbfgs"),
)
