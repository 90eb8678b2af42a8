"""Coefficients of the lasso along a path of penalties."""

from sklreg._validation import validate_params
from sklreg.linear_model._path import PATH_CONSTRAINTS, enet_path

_CONSTRAINTS = {
    name: kinds
    for name, kinds in PATH_CONSTRAINTS.items()
    if name not in ("l1_ratio", "check_input")
}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def lasso_path(
    X,
    y,
    *,
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
    """Coefficients of the lasso for a sequence of penalties.

    For a single target, minimises for every alpha::

        1 / (2 * n_samples) * ||y - X w||_2**2 + alpha * ||w||_1

    and for several targets, which then share their features::

        1 / (2 * n_samples) * ||Y - X W||_F**2 + alpha * sum_i sqrt(sum_j W_ij**2)

    No intercept is fitted unless `fit_intercept` asks for it (a single target). Each
    solution starts from the one before and ends with a duality gap.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; never copied for its memory order.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target.
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
        standard deviation: ``|w_j|`` counts ``std_j`` times. Coefficients stay on the
        original scale; X is not changed.
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
        `tol`, `max_iter`, `selection` and `random_state`, as in :class:`Lasso`.

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
    enet_path : With an L2 penalty beside the L1 penalty.
    Lasso : One penalty, with an intercept.
    LassoCV : Chooses the penalty by cross-validation.

    Notes
    -----
    The path algorithm with warm starts is that of Friedman, Hastie and Tibshirani,
    "Regularization Paths for Generalized Linear Models via Coordinate Descent",
    J. Stat. Softw. 33(1), 2010; the solver is described in :class:`ElasticNet`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.linear_model import lasso_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> alphas, coefs, gaps = lasso_path(X, y - y.mean(), alphas=20)
    >>> [int((c != 0).sum()) for c in coefs.T[::5]]
    [0, 4, 7, 10]
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        n_alphas=n_alphas,
        alphas=alphas,
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        fit_intercept=fit_intercept,
        sample_weight=sample_weight,
        offset=offset,
        penalty_factor=penalty_factor,
        exclude=exclude,
        coef_bounds=coef_bounds,
        standardize=standardize,
        adaptive=adaptive,
        relax=relax,
        gamma=gamma,
        return_intercept=return_intercept,
        **params,
    )
