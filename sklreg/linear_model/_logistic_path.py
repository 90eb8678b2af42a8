"""Coefficients of logistic regression along a path of penalties."""

from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import column_or_1d

from sklreg._validation import (
    Interval,
    StrOptions,
    feature_names_of,
    validate_params,
)
from sklreg.linear_model._base import check_offset
from sklreg.linear_model._logistic_fitted import warn_of
from sklreg.linear_model._logistic_problem import (
    ClassProblem,
    Fit,
    check_present,
    encode,
    refuse_soft_labels,
    row_weights,
    terms_of,
    weigh,
    weights_of_classes,
)
from sklreg.linear_model._penalty_options import PENALTY_CONSTRAINTS

_EPS = 1e-3
_N_CS = 100


def automatic_grid(problem, l1_ratio, eps, n_Cs):
    """Return C from the largest that leaves every coefficient at zero, upwards.

    Raises
    ------
    ValueError
        If there is no L1 penalty, so that no coefficient is ever zero.
    """
    if l1_ratio == 0:
        raise ValueError(
            "Automatic grids of C are not supported for l1_ratio=0, with which no "
            "coefficient is ever zero. Give the values of C."
        )
    top = max(problem.alpha_max(), np.finfo(np.float64).resolution)
    # A grain above, so that rounding leaves nothing in the first model.
    first = l1_ratio / (top * (1.0 + 1e-12))
    return np.geomspace(first, first / eps, num=n_Cs)


def given_values(Cs, name):
    """Return values of C as they stand.

    Raises
    ------
    ValueError
        If one is not a positive number, or there is none.
    """
    try:
        values = np.asarray(Cs, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers; got {Cs!r}.") from None
    if not len(values) or not np.all(values > 0):
        raise ValueError(f"{name} must hold positive numbers; got {Cs!r}.")
    return values


def stored_grid(store_path, problem, C, l1_ratio):
    """Return the values of C of a stored path, `C` among them where they are ours."""
    if not isinstance(store_path, (bool, np.bool_)):
        return np.unique(given_values(store_path, "store_path, given as a grid,"))
    grid = automatic_grid(problem, l1_ratio, _EPS, _N_CS)
    if not grid[0] < C < np.inf:
        return grid
    if C > grid[-1]:
        grid = np.geomspace(grid[0], C, num=_N_CS)
    return np.unique(np.append(grid[~np.isclose(grid, C, rtol=1e-10)], C))


@validate_params(
    {
        "X": ["array-like", "sparse matrix"],
        "y": ["array-like"],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "eps": [Interval(Real, 0, 1, closed="neither")],
        "Cs": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "class_weight": [Mapping, StrOptions({"balanced"}), None],
        "sample_weight": ["array-like", Real, None],
        "offset": ["array-like", None],
        "positive": ["boolean"],
        **PENALTY_CONSTRAINTS,
        "coef_init": ["array-like", None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "return_n_iter": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def logistic_path(
    X,
    y,
    *,
    l1_ratio=1.0,
    eps=_EPS,
    Cs=_N_CS,
    fit_intercept=True,
    class_weight=None,
    sample_weight=None,
    offset=None,
    positive=False,
    penalty_factor=None,
    exclude=None,
    coef_bounds=None,
    standardize=False,
    coef_init=None,
    tol=1e-4,
    max_iter=100,
    verbose=False,
    return_n_iter=False,
):
    r"""Coefficients of logistic regression for a sequence of penalties.

    Minimises for every C, from the strongest penalty on,

    .. math::

        \sum_i s_i \log\left(1 + e^{-z_i (x_i^\top w + b + o_i)}\right)
        + \frac1C \left(\rho \|w\|_1 + \frac{1 - \rho}2 \|w\|_2^2\right)

    for two classes, or the multinomial loss for more; see :class:`LogisticRegression`.
    Each solution starts from the one before and ends with a duality gap.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; dense data are not copied for their memory order.
    y : array-like of shape (n_samples,)
        Labels.
    l1_ratio : float, default=1.0
        Share :math:`\rho` of the L1 penalty, in [0, 1].
    eps : float, default=1e-3
        Smallest C of an automatic grid, relative to the largest.
    Cs : int or array-like, default=100
        Size of an automatic grid, which starts at the largest C with all penalised
        coefficients zero, or the values themselves.
    fit_intercept : bool, default=True
        Whether to fit intercepts. They are not penalised.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, as in :class:`LogisticRegression`.
    sample_weight : float or array-like of shape (n_samples,), default=None
        Weights of the samples.
    offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
        Known part of the scores.
    positive : bool, default=False
        Whether to keep the coefficients from falling below zero.
    penalty_factor : array-like of shape (n_features,) or mapping, default=None
        Multiplies the penalty of each feature, as in :class:`LogisticRegression`.
    exclude : array-like, default=None
        Features to leave out: indices, names or a mask.
    coef_bounds : tuple (lower, upper), default=None
        Bounds of the coefficients, as in :class:`LogisticRegression`.
    standardize : bool, default=False
        Whether to penalise as if every feature had a standard deviation of one.
    coef_init : array-like, default=None
        Where the first fit starts, of shape (n_features,) or (n_classes, n_features).
    tol : float, default=1e-4
        Each fit stops when its duality gap is at most ``tol**2`` times the log loss of
        the null model; see :class:`LogisticRegression`.
    max_iter : int, default=100
        Bound on the Newton steps for each C.
    verbose : bool or int, default=False
        Whether to print a line for every C.
    return_n_iter : bool, default=False
        Whether to return the numbers of Newton steps.

    Returns
    -------
    Cs : ndarray of shape (n_Cs,)
        Inverse strengths of the penalty, in increasing order.
    coefs : ndarray of shape (n_features, n_Cs) or (n_classes, n_features, n_Cs)
        Coefficients, for two classes or for more.
    intercepts : ndarray of shape (n_Cs,) or (n_classes, n_Cs)
        Intercepts.
    dual_gaps : ndarray of shape (n_Cs,)
        Duality gap of each solution, in units of the objective.
    n_iters : list of int
        Newton steps for each C; only with `return_n_iter`.

    Raises
    ------
    ValueError
        If the input is not finite or its shape is wrong, if y holds soft labels or a
        single class, if an option for single features does not fit X, or if a grid is
        to be made for ``l1_ratio=0``.

    See Also
    --------
    LogisticRegression : One penalty.
    LogisticRegressionCV : Chooses the penalty by cross-validation.
    enet_path : The same for least squares.

    Notes
    -----
    The path algorithm with warm starts is that of Friedman, Hastie and Tibshirani,
    "Regularization Paths for Generalized Linear Models via Coordinate Descent",
    J. Stat. Softw. 33(1), 2010; the solver is described in
    :class:`LogisticRegression`.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklreg.linear_model import logistic_path
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> Cs, coefs, intercepts, gaps = logistic_path(X, y, Cs=20, standardize=True)
    >>> [int((w != 0).sum()) for w in coefs.T[::5]]
    [0, 4, 9, 17]
    """
    names = feature_names_of(X)
    refuse_soft_labels(y)
    X = check_array(X, accept_sparse="csc", dtype=[np.float64, np.float32])
    y = column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    classes, codes = encode(y)
    rows = 1 if len(classes) == 2 else len(classes)
    weights = row_weights(sample_weight, X)
    if offset is not None:
        shape = (len(codes),) if rows == 1 else (len(codes), rows)
        offset = check_offset(offset, shape)
    if class_weight is not None and not isinstance(class_weight, str):
        class_weight = dict(class_weight)
    terms = terms_of(
        X.shape[1],
        names,
        {
            "positive": positive,
            "penalty_factor": penalty_factor,
            "exclude": exclude,
            "coef_bounds": coef_bounds,
            "standardize": standardize,
        },
    )
    problem = ClassProblem(
        X,
        codes,
        len(classes),
        weigh(
            codes, weights, weights_of_classes(class_weight, classes, codes, weights)
        ),
        terms=terms,
        fit_intercept=fit_intercept,
        offset=offset,
    )
    check_present(problem, classes)
    if isinstance(Cs, Integral):
        grid = automatic_grid(problem, l1_ratio, eps, Cs)
    else:
        grid = np.unique(given_values(Cs, "Cs"))
    fits = problem.path(
        grid,
        l1_ratio,
        _first(coef_init, rows, X.shape[1]),
        tol=tol,
        max_iter=max_iter,
        progress=_report(len(grid)) if verbose else None,
    )
    worst = max(fits, key=lambda fit: (fit.diverged, fit.gap - fit.goal))
    warn_of(worst, max_iter)
    coefs = np.stack([fit.coef for fit in fits], axis=-1).astype(X.dtype)
    intercepts = np.stack([fit.intercept for fit in fits], axis=-1).astype(X.dtype)
    if rows == 1:
        coefs, intercepts = coefs[0], intercepts[0]
    gaps = np.array([fit.gap for fit in fits])
    if return_n_iter:
        return grid, coefs, intercepts, gaps, [fit.n_iter for fit in fits]
    return grid, coefs, intercepts, gaps


def _first(coef_init, rows, n_features):
    """Return where the first fit starts, the intercepts at those of the null model."""
    if coef_init is None:
        return None
    coef = np.asarray(coef_init, dtype=np.float64)
    coef = coef[None] if coef.ndim == 1 else coef
    if coef.shape != (rows, n_features) or not np.isfinite(coef).all():
        raise ValueError(
            f"coef_init has shape {coef.shape}; {(rows, n_features)}, all finite, is "
            "needed."
        )
    return Fit(coef, None, gap=np.inf, goal=0.0, n_iter=0)


def _report(n_Cs):
    """Return what prints a line for every C."""

    def report(i, C, fit):
        print(
            f"C {i + 1} of {n_Cs}: {C:.4g}, {np.count_nonzero(fit.coef)} nonzero, "
            f"gap {fit.gap:.2e}, {fit.n_iter} Newton steps"
        )

    return report
