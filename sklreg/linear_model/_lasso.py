"""The lasso."""

from sklreg.linear_model._coordinate_descent import ElasticNet


class Lasso(ElasticNet):
    """Linear regression with an L1 penalty: exact zeros, so a choice of features.

    For every target, minimises::

        1 / (2 * n_samples) * sum_i s_i * (y_i - x_i @ w - b)**2 + alpha * ||w||_1

    over the coefficients `w` and, if `fit_intercept`, the unpenalised intercept `b`.
    The sample weights `s` are normalised to sum to `n_samples`. With
    ``positive=True`` the coefficients are restricted to ``w >= 0``. Every fit ends
    with a certificate, `dual_gap_`, computed from the data and the coefficients.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, in ``[0, inf)``. ``alpha=0`` is least squares, for
        which :class:`sklearn.linear_model.LinearRegression` is the better tool.
    fit_intercept : bool, default=True
        Whether to fit an intercept. It is not penalised.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        True makes the Gram matrix of all the features first; an array is taken for
        it (of centred data if `fit_intercept`, weighted if there are weights). With
        False the solver makes the part it needs. Sparse data never get a whole Gram.
    copy_X : bool, default=True
        False allows a dense, writeable X to be centred in place. With True, X is
        only read, and still not copied.
    max_iter : int, default=1000
        Bound on the sweeps of coordinate descent; None is the default.
    tol : float, default=1e-4
        The fit stops when the duality gap is at most ``tol * ||y||**2 / n_samples``,
        y being centred and weighted: twice `tol` times the loss of the null model.
    warm_start : bool, default=False
        Whether to start from the coefficients of the previous fit.
    positive : bool, default=False
        Whether to keep the coefficients from falling below zero.
    random_state : int, RandomState instance or None, default=None
        Draws the coordinates when ``selection='random'``.
    selection : {'cyclic', 'random'}, default='cyclic'
        Order of the coordinates in a sweep.
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
        Exponent g of the adaptive lasso [2]_: multiplies the penalty of each feature
        by ``1 / |p_j|**g``, where p is ridge with its penalty chosen by leave-one-out
        (on all features but `exclude`, standardised if `standardize`).
    relax : bool, default=False
        Whether to refit the features that were chosen, by least squares within the
        bounds (the relaxed lasso).
    gamma : float, default=0.0
        With `relax`, the share of the penalised coefficients in
        ``gamma * penalised + (1 - gamma) * refit``.
    store_path : bool or array-like of shape (n_alphas,), default=False
        Whether to keep the coefficients along a path as well, for `coef_at`, `predict`
        with another alpha, and the tables: True takes 100 penalties from the smallest
        that leaves all penalised coefficients at zero down to its thousandth, or to
        `alpha` if that is smaller, and `alpha`; an array gives the penalties. A
        single target only.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap at the coefficients, in units of the objective: the objective is
        at most this far above its minimum. Without any penalty (``alpha=0``) there
        is no such bound and the squared norm of the gradient stands in for it.
    sparse_coef_ : sparse array of shape (1, n_features) or (n_targets, n_features)
        The coefficients in CSR.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept, 0.0 without `fit_intercept`.
    n_iter_ : int or list of int
        Sweeps of coordinate descent, for every target; an exact solution on a
        working set counts as one.
    path_alphas_ : ndarray of shape (n_alphas,)
        Penalties of the stored path, in decreasing order. Like the other attributes
        of the path, only with `store_path`.
    path_coefs_ : ndarray of shape (n_features, n_alphas)
        Coefficients for each.
    path_intercepts_ : ndarray of shape (n_alphas,)
        Intercepts.
    path_deviance_ : ndarray of shape (n_alphas,)
        Fraction of the (weighted) variance of y, less the offset, that is explained.
    path_dual_gaps_ : ndarray of shape (n_alphas,)
        Duality gap of each.
    path_table_ : DataFrame
        The path in a table: alpha, n_nonzero, deviance_explained, l1_norm, l2_norm
        and dual_gap. Needs pandas.
    coef_table_ : DataFrame
        Intercept and coefficients under the features' names, a column for each
        penalty of a stored path. Needs pandas.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    ElasticNet : With an L2 penalty beside the L1 penalty.
    LassoCV : Chooses `alpha` by cross-validation.
    lasso_path : Coefficients for many values of `alpha`.

    Notes
    -----
    The solver is that of :class:`ElasticNet`. The lasso is due to Tibshirani [1]_.

    With `penalty_factor`, `standardize` or `adaptive` the penalties of feature j are
    multiplied. Unpenalised features are projected out of the
    others as the intercept is. With `relax` [3]_, `dual_gap_` is that of the
    penalised coefficients, before the blend. `offset` in `fit` is taken from y.

    References
    ----------
    .. [1] R. Tibshirani (1996). Regression Shrinkage and Selection via the Lasso.
       J. R. Stat. Soc. B 58(1).
    .. [2] H. Zou (2006). The Adaptive Lasso and Its Oracle Properties. J. Am. Stat.
       Assoc. 101(476).
    .. [3] N. Meinshausen (2007). Relaxed Lasso. Comput. Stat. Data Anal. 52(1).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.linear_model import Lasso
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = Lasso(alpha=0.1).fit(X, y)
    >>> print(model.coef_.round())
    [   0. -155.  517.  275.  -53.    0. -210.    0.  484.   34.]
    >>> bool(model.dual_gap_ <= 1e-4 * y.var())
    True
    """

    _parameter_constraints: dict = {**ElasticNet._parameter_constraints}
    _parameter_constraints.pop("l1_ratio")

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        precompute=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        positive=False,
        random_state=None,
        selection="cyclic",
        penalty_factor=None,
        exclude=None,
        coef_bounds=None,
        standardize=False,
        adaptive=None,
        relax=False,
        gamma=0.0,
        store_path=False,
    ):
        super().__init__(
            alpha=alpha,
            l1_ratio=1.0,
            fit_intercept=fit_intercept,
            precompute=precompute,
            copy_X=copy_X,
            max_iter=max_iter,
            tol=tol,
            warm_start=warm_start,
            positive=positive,
            random_state=random_state,
            selection=selection,
            penalty_factor=penalty_factor,
            exclude=exclude,
            coef_bounds=coef_bounds,
            standardize=standardize,
            adaptive=adaptive,
            relax=relax,
            gamma=gamma,
            store_path=store_path,
        )
