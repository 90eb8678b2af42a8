"""The elastic net with its penalties chosen by cross-validation."""

from numbers import Real

from sklreg._validation import Interval
from sklreg.linear_model._coordinate_descent import ElasticNet
from sklreg.linear_model._coordinate_descent_cv import PathCV
from sklreg.linear_model._path import enet_path


class ElasticNetCV(PathCV):
    """Elastic net with its penalties chosen by cross-validation along paths.

    For each fold, each `l1_ratio` and each penalty of a grid, minimises::

        1 / (2 * n_samples) * sum_i s_i * (y_i - x_i @ w - b)**2
        + alpha * l1_ratio * ||w||_1
        + 0.5 * alpha * (1 - l1_ratio) * ||w||_2**2

    over the coefficients `w` and, if `fit_intercept`, the unpenalised intercept `b`,
    where the sample weights `s` are normalised to sum to `n_samples`. The pair of
    the least mean squared error on the test rows, averaged over the folds, is then
    fitted to all the data.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share of the L1 penalty, in [0, 1], or several to choose from. Values near 1
        deserve a finer grid: ``[.1, .5, .7, .9, .95, .99, 1]`` is a good one.
    eps : float, default=1e-3
        Smallest alpha of an automatic grid, relative to the largest.
    alphas : int or array-like, default=100
        Size of an automatic grid for each `l1_ratio`, which starts at the smallest
        alpha with all coefficients zero, or the values themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept. It is not penalised.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), \
            default='auto'
        True makes the Gram matrix of all the features in every fold; otherwise the
        solver makes the parts it needs. An array serves the final fit.
    max_iter : int, default=1000
        Bound on the sweeps of coordinate descent, for each fit.
    tol : float, default=1e-4
        Each fit stops when its duality gap is at most ``tol * ||y||**2 / n_samples``,
        y being centred and weighted.
    cv : int, cross-validation generator or iterable, default=None
        How the folds are made: None for 5 folds, a number of folds, a splitter, or
        an iterable of (train, test) indices, which may repeat rows.
    copy_X : bool, default=True
        Present for compatibility: X is only read.
    verbose : bool or int, default=0
        Verbosity of the loop over the folds.
    n_jobs : int, default=None
        Number of threads for the folds, and for groups of `l1_ratio` where folds alone
        would leave one idle; None is 1, -1 is all processors.
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
        standard deviation in the rows that are fitted: ``|w_j|`` counts ``std_j``
        times, its square ``std_j**2`` times. Coefficients stay on the original
        scale; X is not changed.
    adaptive : float, default=None
        Exponent g of the adaptive lasso [1]_: multiplies the penalty of each feature
        by ``1 / |p_j|**g``, where p is ridge with its penalty chosen by leave-one-out
        (on all rows, without `exclude`, standardised if `standardize`).
    relax : bool, default=False
        Whether to refit the features that were chosen along each path, by least
        squares within the bounds (the relaxed lasso), and to choose the share of the
        penalised coefficients in the blend as well.
    gamma : array-like of shape (n_gamma,), default=(0.0, 0.25, 0.5, 0.75, 1.0)
        With `relax`, the shares to choose from in
        ``gamma * penalised + (1 - gamma) * refit``.
    selection_rule : {'min', '1se'} or callable, default='min'
        'min' chooses the least mean error; '1se' the strongest penalty whose mean
        error is within one standard error of the least [2]_. A callable is called
        as ``rule(penalties, mean, standard_error)``, ordered from the strongest
        penalty to the weakest, and returns an index; `penalties` are the alphas, or
        rows of alpha and gamma with `relax`.
    store_path : bool, default=False
        Whether to fit the whole path to all the data too, for `coef_at`, `predict`
        with another alpha, and the tables.

    Attributes
    ----------
    alpha_ : float
        The penalty that was chosen.
    l1_ratio_ : float
        The share of the L1 penalty that was chosen.
    alpha_min_ : float
        The penalty of least mean error.
    alpha_1se_ : float
        The strongest penalty within one standard error of the least mean error.
    gamma_ : float
        The share of the penalised coefficients that was chosen; only with `relax`.
    relaxed_mse_path_ : ndarray of shape (n_l1_ratio, n_gamma, n_alphas, n_folds)
        Errors for every `gamma`, in decreasing order; only with `relax`.
    coef_ : ndarray of shape (n_features,)
        Coefficients at `alpha_` and `l1_ratio_`.
    intercept_ : float
        Intercept, 0.0 without `fit_intercept`.
    mse_path_ : ndarray of shape (n_l1_ratio, n_alphas, n_folds)
        Mean squared error on the test rows of each fold; without the first axis for
        a single `l1_ratio`.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        The grid, in decreasing order, for each `l1_ratio`.
    dual_gap_ : float
        Duality gap of the final fit, in units of the objective.
    n_iter_ : int
        Sweeps of the final fit.
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
    ElasticNet : One pair of penalties.
    enet_path : Coefficients for many penalties.
    LassoCV : The L1 penalty alone.

    Notes
    -----
    Weights are exact: a weight of 2 is a row twice, a weight of 0 a row left out,
    in the fits and in the errors. The elastic net is due to H. Zou and T. Hastie
    (2005), Regularization and Variable Selection via the Elastic Net, J. R. Stat.
    Soc. B 67(2).

    Several `l1_ratio`: the rule chooses on the curve of the one with the least mean
    error.

    References
    ----------
    .. [1] H. Zou (2006). The Adaptive Lasso and Its Oracle Properties. J. Am. Stat.
       Assoc. 101(476).
    .. [2] L. Breiman, J. Friedman, R. Olshen and C. Stone (1984). Classification and
       Regression Trees. Wadsworth, section 3.4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.linear_model import ElasticNetCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ElasticNetCV(l1_ratio=[0.5, 0.9, 1.0], alphas=20).fit(X, y)
    >>> print(model.l1_ratio_, model.mse_path_.shape)
    1.0 (3, 20, 5)
    """

    _parameter_constraints: dict = {
        **PathCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }

    path = staticmethod(enet_path)

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        cv=None,
        copy_X=True,
        verbose=0,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
        penalty_factor=None,
        exclude=None,
        coef_bounds=None,
        standardize=False,
        adaptive=None,
        relax=False,
        gamma=(0.0, 0.25, 0.5, 0.75, 1.0),
        selection_rule="min",
        store_path=False,
    ):
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.penalty_factor = penalty_factor
        self.exclude = exclude
        self.coef_bounds = coef_bounds
        self.standardize = standardize
        self.adaptive = adaptive
        self.relax = relax
        self.gamma = gamma
        self.selection_rule = selection_rule
        self.store_path = store_path

    def _model(self, alpha, l1_ratio, **params):
        return ElasticNet(alpha=alpha, l1_ratio=l1_ratio, **params)
