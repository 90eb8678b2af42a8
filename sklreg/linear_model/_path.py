"""Coefficients of the lasso and the elastic net along a path of penalties."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array, check_random_state

from sklreg._validation import (
    Hidden,
    Interval,
    StrOptions,
    feature_names_of,
    validate_params,
)
from sklreg._warnings import warn
from sklreg.linear_model._alpha_grid import alpha_grid, check_grid_possible
from sklreg.linear_model._base import check_offset, check_weights, warn_if_short
from sklreg.linear_model._gram import checked_gram
from sklreg.linear_model._model_options import (
    MODEL_CONSTRAINTS,
    penalty_terms,
    scaled_terms,
)
from sklreg.solvers.design import make_design
from sklreg.solvers.multi_task import MultiTaskProblem
from sklreg.solvers.path import solve_path
from sklreg.solvers.path_gaps import stacked
from sklreg.solvers.penalised import completed, penalised_problem, penalised_start
from sklreg.solvers.relaxed import Refits

_SOLVER_DEFAULTS = {
    "tol": 1e-4,
    "max_iter": 1000,
    "random_state": None,
    "selection": "cyclic",
}

PATH_CONSTRAINTS = {
    "X": ["array-like", "sparse matrix"],
    "y": ["array-like", "sparse matrix"],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "eps": [Interval(Real, 0, None, closed="neither"), None],
    "n_alphas": [
        Interval(Integral, 1, None, closed="left"),
        Hidden(StrOptions({"deprecated"})),
    ],
    "alphas": [
        Interval(Integral, 1, None, closed="left"),
        "array-like",
        None,
        Hidden(StrOptions({"warn"})),
    ],
    "precompute": [StrOptions({"auto"}), "boolean", "array-like"],
    "Xy": ["array-like", None],
    "copy_X": ["boolean"],
    "coef_init": ["array-like", None],
    "verbose": ["verbose"],
    "return_n_iter": ["boolean"],
    "positive": ["boolean"],
    "check_input": ["boolean"],
    "fit_intercept": ["boolean"],
    "sample_weight": ["array-like", None],
    "offset": ["array-like", None],
    "return_intercept": ["boolean"],
    **{k: v for k, v in MODEL_CONSTRAINTS.items() if k != "store_path"},
}


def _requested_alphas(alphas, n_alphas):
    """Return the grid or its size, as scikit-learn 1.9 reads the two parameters."""
    requested = 100
    if n_alphas != "deprecated":
        warn(
            "'n_alphas' was deprecated in 1.9 and will be removed in 1.11. 'alphas' "
            "now accepts an integer, which removes the need for 'n_alphas'. Pass "
            "an explicit value to 'alphas' and leave 'n_alphas' to its default value "
            "to silence this warning.",
            FutureWarning,
        )
        requested = n_alphas
    if alphas is None:
        warn(
            "'alphas=None' is deprecated and will be removed in 1.11, at which point "
            "the default value will be set to 100. Set 'alphas=100' to silence this "
            "warning.",
            FutureWarning,
        )
    elif not isinstance(alphas, str):
        requested = alphas
    if isinstance(requested, Integral):
        return requested
    grid = np.sort(np.asarray(requested, dtype=np.float64).ravel())[::-1]
    if not len(grid) or not np.isfinite(grid).all() or grid[-1] < 0:
        raise ValueError("alphas must be finite, non-negative and not empty.")
    return grid


def _solver_options(params):
    """Return the solver's options, its selection and its random numbers."""
    unknown = set(params) - set(_SOLVER_DEFAULTS)
    if unknown:
        raise ValueError(f"Unexpected parameters in params: {sorted(unknown)}")
    options = {**_SOLVER_DEFAULTS, **params}
    selection = options.pop("selection")
    if selection not in ("random", "cyclic"):
        raise ValueError("selection should be either random or cyclic.")
    return options, selection, check_random_state(options.pop("random_state"))


def _checked_data(X, y):
    X = check_array(X, accept_sparse="csc", dtype=[np.float64, np.float32])
    y = check_array(
        y, accept_sparse="csc", dtype=np.float64, ensure_2d=False, input_name="y"
    )
    return X, y.toarray() if hasattr(y, "toarray") else y


def _report(n_alphas):
    """Return what prints a line for every alpha."""

    def report(i, alpha, solution):
        print(
            f"alpha {i + 1} of {n_alphas}: {alpha:.4g}, "
            f"{np.count_nonzero(solution.w)} nonzero, gap {solution.gap:.2e}, "
            f"{solution.n_iter} iterations"
        )

    return report


@validate_params(PATH_CONSTRAINTS, prefer_skip_nested_validation=True)
def enet_path(
    X,
    y,
    *,
    l1_ratio=0.5,
    eps=1e-3,
    n_alphas="deprecated",
    alphas="warn",
    precompute="auto",
    Xy=None,
    copy_X=True,
    coef_init=None,
    verbose=False,
    return_n_iter=False,
    positive=False,
    check_input=True,
    fit_intercept=False,
    sample_weight=None,
    offset=None,
    penalty_factor=None,
    exclude=None,
    coef_bounds=None,
    standardize=False,
    adaptive=None,
    relax=False,
    gamma=0.0,
    return_intercept=False,
    **params,
):
    """Coefficients of the elastic net for a sequence of penalties.

    For a single target, minimises for every alpha::

        1 / (2 * n_samples) * ||y - X w||_2**2
        + alpha * l1_ratio * ||w||_1
        + 0.5 * alpha * (1 - l1_ratio) * ||w||_2**2

    and for several targets, which then share their features::

        1 / (2 * n_samples) * ||Y - X W||_F**2
        + alpha * l1_ratio * sum_i sqrt(sum_j W_ij**2)
        + 0.5 * alpha * (1 - l1_ratio) * ||W||_F**2

    No intercept is fitted unless `fit_intercept` asks for it (a single target). Each
    solution starts from the one before and ends with a duality gap.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; never copied for its memory order.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, in [0, 1].
    eps : float, default=1e-3
        Smallest alpha of an automatic grid, relative to the largest.
    n_alphas : int, default=100
        Size of an automatic grid; deprecated, `alphas` takes an integer.
    alphas : int or array-like, default=100
        Size of an automatic grid, which starts at the smallest alpha with all
        coefficients zero, or the values themselves.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), \
            default='auto'
        Gram matrix of all the features: made first if True, taken if given, left to
        the solver otherwise.
    Xy : array-like of shape (n_features,) or (n_features, n_targets), default=None
        ``X.T @ y``, if it is known.
    copy_X : bool, default=True
        Present for compatibility: X is only read.
    coef_init : array-like of shape (n_features,) or (n_targets, n_features), \
            default=None
        Where the first fit starts.
    verbose : bool or int, default=False
        Whether to print a line for every alpha.
    return_n_iter : bool, default=False
        Whether to return the numbers of iterations.
    positive : bool, default=False
        Whether to keep the coefficients from falling below zero (one target only).
    check_input : bool, default=True
        False skips the checks of X and y.
    fit_intercept : bool, default=False
        Whether to fit an unpenalised intercept; sparse data are then centred without
        becoming dense.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights, normalised to sum to `n_samples`.
    offset : array-like of shape (n_samples,), default=None
        Part of y that is known: the path is that of ``y - offset``.
    penalty_factor : array-like of shape (n_features,) or mapping, default=None
        Multiplies the penalty of each feature: 0 leaves it unpenalised, infinity
        excludes it. A mapping goes from feature names to factors and leaves the
        others at 1. Factors are not rescaled (R's glmnet makes them sum to the number
        of features), so that `alpha` is the penalty of a feature with factor 1.
    exclude : array-like, default=None
        Features to leave out of the model: indices, names or a mask.
    coef_bounds : tuple (lower, upper), default=None
        Bounds of the coefficients on their original scale: each side is a number, an
        array of shape (n_features,), a mapping from feature names, or None;
        ``lower <= 0 <= upper``.
    standardize : bool, default=False
        Whether to penalise as if every feature were divided by its (weighted)
        standard deviation: ``|w_j|`` counts ``std_j`` times, its square ``std_j**2``
        times. Coefficients stay on the original scale; X is not changed.
    adaptive : float, default=None
        Exponent g of the adaptive lasso (Zou 2006): multiplies each penalty
        by ``1 / |p_j|**g``, where p is ridge with its penalty chosen by leave-one-out
        (on all features but `exclude`, standardised if `standardize`).
    relax : bool, default=False
        Whether to refit the features that were chosen, by least squares within the
        bounds (the relaxed lasso).
    gamma : float, default=0.0
        With `relax`, the share of the penalised coefficients in
        ``gamma * penalised + (1 - gamma) * refit``.
    return_intercept : bool, default=False
        Whether to return the intercepts.
    **params : kwargs
        `tol`, `max_iter`, `selection` and `random_state`, as in
        :class:`ElasticNet`.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        Penalties, in decreasing order.
    coefs : ndarray of shape (n_features, n_alphas) or \
            (n_targets, n_features, n_alphas)
        Coefficients.
    dual_gaps : ndarray of shape (n_alphas,)
        Duality gap of each solution, in units of the objective.
    n_iters : list of int
        Sweeps, or events of the exact solver, for each alpha; only with
        `return_n_iter`.
    intercepts : ndarray of shape (n_alphas,)
        Only with `return_intercept`.

    Raises
    ------
    ValueError
        If a parameter is unknown, the input is not finite or its shape is wrong, an
        option for single features does not fit X, or `positive`, an intercept or
        another option beyond scikit-learn's meets several targets.

    See Also
    --------
    lasso_path : The L1 penalty alone.
    ElasticNet : One penalty, with an intercept.
    ElasticNetCV : Chooses the penalty by cross-validation.

    Notes
    -----
    The path algorithm with warm starts is that of Friedman, Hastie and Tibshirani,
    "Regularization Paths for Generalized Linear Models via Coordinate Descent",
    J. Stat. Softw. 33(1), 2010; the solver is described in :class:`ElasticNet`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.linear_model import enet_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> alphas, coefs, gaps = enet_path(X, y - y.mean(), l1_ratio=0.9, alphas=20)
    >>> coefs.shape
    (10, 20)
    >>> bool(gaps.max() <= 1e-4 * y.var())
    True
    """
    requested = _requested_alphas(alphas, n_alphas)
    options, selection, rng = _solver_options(params)
    names = feature_names_of(X)
    if check_input:
        X, y = _checked_data(X, y)
    if X.shape[0] != y.shape[0]:
        raise ValueError(f"X has {X.shape[0]} samples and y has {y.shape[0]}.")
    if y.ndim != 1 and positive:
        raise ValueError("positive=True is not allowed for multi-output (y.ndim != 1)")
    extras = {
        "fit_intercept": fit_intercept,
        "sample_weight": sample_weight is not None,
        "offset": offset is not None,
        "penalty_factor": penalty_factor is not None,
        "exclude": exclude is not None,
        "coef_bounds": coef_bounds is not None,
        "standardize": standardize,
        "adaptive": adaptive is not None,
        "relax": relax,
    }
    used = [name for name, is_used in extras.items() if is_used]
    if y.ndim != 1 and used:
        raise ValueError(f"{used[0]} needs a single target; y has shape {y.shape}.")
    if Xy is not None and set(used) & {"fit_intercept", "sample_weight", "offset"}:
        raise ValueError("Xy cannot be given with an intercept, weights or an offset.")
    if offset is not None:
        y = y - check_offset(offset, y.shape)
    weights = check_weights(sample_weight, X)
    terms = penalty_terms(
        X,
        y,
        weights,
        names,
        adaptive=adaptive,
        fit_intercept=fit_intercept,
        penalty_factor=penalty_factor,
        exclude=exclude,
        coef_bounds=coef_bounds,
        standardize=standardize,
        positive=positive,
    )
    terms = scaled_terms(terms, X, weights)

    only = y if y.ndim == 1 and Xy is None else None
    design = make_design(X, weights, fit_intercept, only)
    gram = checked_gram(precompute, X, design, check=check_input)
    if Xy is not None:
        Xy = np.asarray(Xy, dtype=np.float64) / X.shape[0]
        if Xy.shape != (X.shape[1], *y.shape[1:]):
            raise ValueError(f"Xy has shape {Xy.shape}; X has {X.shape[1]} features.")
    shared = {
        "gram": gram,
        "correlation": design.correlation if Xy is None else Xy,
        "random_state": rng if selection == "random" else None,
    }
    target, centre = design.targets(y)
    if y.ndim == 1:
        problem = penalised_problem(design, target, terms, positive=positive, **shared)
    else:
        problem = MultiTaskProblem(design, target, **shared)
    if isinstance(requested, Integral):
        check_grid_possible(l1_ratio)
        grid = alpha_grid(problem.alpha_max(l1_ratio), eps, requested)
    else:
        grid = requested
    if coef_init is not None:
        coef_init = penalised_start(problem, np.asarray(coef_init, np.float64).T)
    solutions = solve_path(
        problem,
        grid,
        l1_ratio,
        coef_init,
        **options,
        progress=_report(len(grid)) if verbose else None,
    )

    worst = max(solution.gap for solution in solutions)
    warn_if_short(worst, problem.goal(options["tol"]))

    finals = [s.w for s in solutions]
    if relax:
        refits = Refits(problem, terms)
        finals = [refits.blends(w, [gamma])[0] for w in finals]
    finals = [completed(problem, w) for w in finals]
    coefs = stacked(finals).astype(X.dtype, copy=False).T
    gaps = np.array([s.gap for s in solutions])
    found = [grid, coefs, gaps]
    if return_n_iter:
        found.append([s.n_iter for s in solutions])
    if return_intercept:
        if y.ndim == 1:
            intercepts = design.intercept(centre, stacked(finals).T)
        else:
            intercepts = np.zeros((len(grid), y.shape[1]))
        found.append(np.asarray(intercepts, dtype=X.dtype).T)
    return tuple(found)
