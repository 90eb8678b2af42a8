"""Lasso and elastic net."""

from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from sklreg._validation import (
    Interval,
    StrOptions,
    _fit_context,
    restored_on_error,
    validate_rows,
)
from sklreg._warnings import warn
from sklreg.linear_model._base import (
    LinearRegressor,
    as_columns,
    check_offset,
    check_weights,
    warn_if_short,
)
from sklreg.linear_model._gram import checked_gram
from sklreg.linear_model._model_options import (
    MODEL_CONSTRAINTS,
    PenalisedPath,
    model_terms,
    path_grid,
    scaled_terms,
)
from sklreg.linear_model._path import enet_path
from sklreg.linear_model._weightings import fit_elastic_nets
from sklreg.solvers.design import make_design
from sklreg.solvers.penalised import completed, penalised_problem, penalised_start
from sklreg.solvers.relaxed import Refits

NOT_FINITE = (
    "Coordinate descent iterations resulted in non-finite parameter values. The input "
    "data may contain large values and need to be preprocessed."
)


class ElasticNet(PenalisedPath, LinearRegressor):
    """Linear regression with combined L1 and L2 penalties.

    For every target, minimises::

        1 / (2 * n_samples) * sum_i s_i * (y_i - x_i @ w - b)**2
        + alpha * l1_ratio * ||w||_1
        + 0.5 * alpha * (1 - l1_ratio) * ||w||_2**2

    over the coefficients `w` and, if `fit_intercept`, the unpenalised intercept `b`.
    The sample weights `s` are normalised to sum to `n_samples`. With
    ``positive=True`` the coefficients are restricted to ``w >= 0``. Every fit ends
    with a certificate, `dual_gap_`, computed from the data and the coefficients.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, in ``[0, inf)``. ``alpha=0`` is least squares, for
        which :class:`sklearn.linear_model.LinearRegression` is the better tool.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, in [0, 1]: 1 is the lasso, 0 is ridge.
    fit_intercept : bool, default=True
        Whether to fit an intercept. It is not penalised.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        True makes the Gram matrix of all the features first; an array is taken for
        it (of centred data if `fit_intercept`, weighted if there are weights). With
        False the solver makes the part it needs. Sparse data never get a whole Gram.
    max_iter : int, default=1000
        Bound on the sweeps of coordinate descent; None is the default.
    copy_X : bool, default=True
        False allows a dense, writeable X to be centred in place. With True, X is
        only read, and still not copied.
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
        standard deviation: ``|w_j|`` counts ``std_j`` times, its square ``std_j**2``
        times. Coefficients stay on the original scale; X is not changed.
    adaptive : float, default=None
        Exponent g of the adaptive lasso [4]_: multiplies the penalty of each feature
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
    sparse_coef_ : sparse array of shape (1, n_features) or (n_targets, n_features)
        The coefficients in CSR.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept, 0.0 without `fit_intercept`.
    n_iter_ : int or list of int
        Sweeps of coordinate descent, for every target; an exact solution on a
        working set counts as one.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap at the coefficients, in units of the objective: the objective is
        at most this far above its minimum. Without any penalty (``alpha=0``) there
        is no such bound and the squared norm of the gradient stands in for it.
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
    Lasso : The L1 penalty alone.
    ElasticNetCV : Chooses `alpha` and `l1_ratio` by cross-validation.
    enet_path : Coefficients for many values of `alpha`.
    Ridge : The L2 penalty alone, in closed form.

    Notes
    -----
    A working set of columns grows until no feature outside it violates the
    optimality conditions. On the set, coordinate descent [1]_ alternates with exact
    steps on the support; gap safe rules [2]_ drop columns that are proven to be zero
    at the optimum. With more than 256 features, and where that is cheaper, a
    parametric active set [3]_ solves on the set exactly. Sparse data with an
    intercept cost O(nnz) a sweep.

    With `penalty_factor`, `standardize` or `adaptive` the penalties of feature j are
    multiplied: ``|w_j|`` by ``f_j``, and ``w_j**2`` by ``f_j``, times the standard
    deviation and its square. Unpenalised features are projected out of the
    others as the intercept is. With `relax` [5]_, `dual_gap_` is that of the
    penalised coefficients, before the blend. `offset` in `fit` is taken from y.

    References
    ----------
    .. [1] J. Friedman, T. Hastie, R. Tibshirani (2010). Regularization Paths for
       Generalized Linear Models via Coordinate Descent. J. Stat. Softw. 33(1).
    .. [2] E. Ndiaye, O. Fercoq, A. Gramfort, J. Salmon (2017). Gap Safe Screening
       Rules for Sparsity Enforcing Penalties. JMLR 18(128).
    .. [3] M. Osborne, B. Presnell, B. Turlach (2000). A New Approach to Variable
       Selection in Least Squares Problems. IMA J. Numer. Anal. 20(3).
    .. [4] H. Zou (2006). The Adaptive Lasso and Its Oracle Properties. J. Am. Stat.
       Assoc. 101(476).
    .. [5] N. Meinshausen (2007). Relaxed Lasso. Comput. Stat. Data Anal. 52(1).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.linear_model import ElasticNet
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ElasticNet(alpha=0.01, l1_ratio=0.5).fit(X, y)
    >>> print(round(model.score(X, y), 3))
    0.379
    >>> bool(model.dual_gap_ <= 1e-4 * y.var())
    True
    """

    _parameter_constraints: dict = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "precompute": ["boolean", "array-like"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
        **MODEL_CONSTRAINTS,
    }

    path = staticmethod(enet_path)

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        fit_intercept=True,
        precompute=False,
        max_iter=1000,
        copy_X=True,
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
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
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
        self.store_path = store_path

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, check_input=True, *, offset=None):
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data, in float32 or float64; anything else is converted. Dense data are
            used in the order they have; sparse data in CSC, with either index width.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target. Several targets are fitted one after the other.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Sample weights; only their proportions matter.
        check_input : bool, default=True
            False skips the checks of X and y: X must then be float32 or float64 and
            Fortran-contiguous or CSC.
        offset : array-like of shape (n_samples,) or (n_samples, n_targets), \
                default=None
            Part of y that is known: the model is fitted to ``y - offset``.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights or the offset are not finite, have the wrong shape or
            overflow, or if an option for single features does not fit X.
        """
        with restored_on_error(self):
            return self._fit(X, y, sample_weight, check_input, offset)

    def _fit(self, X, y, sample_weight, check_input, offset):
        if self.alpha == 0:
            warn(
                "With alpha=0, this algorithm does not converge well. You are advised "
                "to use the LinearRegression estimator",
            )
        if check_input:
            X, y = validate_rows(
                self,
                X,
                y,
                accept_sparse="csc",
                dtype=[np.float64, np.float32],
                multi_output=True,
                y_numeric=True,
            )
            sample_weight = check_weights(sample_weight, X)
        elif sample_weight is not None:
            sample_weight = check_weights(sample_weight, X)
        elif not sparse.issparse(X) and not X.flags.f_contiguous:
            # As in scikit-learn, where only weighted data are put in order.
            raise ValueError("With check_input=False, X must be Fortran-contiguous.")
        targets = as_columns(y)
        if offset is not None:
            targets = targets - as_columns(check_offset(offset, np.shape(y)))
        n_targets, n_features = targets.shape[1], X.shape[1]
        keeps_path = self.store_path is not False
        if keeps_path and n_targets > 1:
            raise ValueError(f"store_path needs a single target; y has {n_targets}.")
        terms = model_terms(self, X, targets, sample_weight)
        terms = scaled_terms(terms, X, sample_weight)

        only = targets[:, 0] if n_targets == 1 else None
        # A cross-validation hands on the design and the Gram matrix it has.
        design, gram = vars(self).pop("_known", (None, None))
        if design is None:
            design = make_design(X, sample_weight, self.fit_intercept, only)
        known = gram is not None
        if not known:
            gram = checked_gram(self.precompute, X, design, check=check_input)
        if not (self.copy_X or sparse.issparse(X)) and self.fit_intercept:
            design.center_in_place()
        random = self.selection == "random"
        rng = check_random_state(self.random_state) if random else None
        start = np.zeros((n_targets, n_features))
        if self.warm_start and hasattr(self, "coef_"):
            start[:] = np.atleast_2d(self.coef_)

        coef = np.empty((n_targets, n_features), dtype=X.dtype)
        intercept = np.zeros(n_targets)
        gaps = np.empty(n_targets)
        n_iter = []
        self._forget_path()
        for k in range(n_targets):
            target, centre = design.targets(targets[:, k])
            problem = penalised_problem(
                design,
                target,
                terms,
                gram=gram,
                correlation=design.correlation,
                exact_gram=known,
                positive=self.positive,
                random_state=rng,
            )
            solution = problem.solve(
                self.alpha * self.l1_ratio,
                self.alpha * (1.0 - self.l1_ratio),
                penalised_start(problem, start[k]),
                tol=self.tol,
                max_iter=self._max_iter(),
            )
            if not np.isfinite(solution.gap):
                raise ValueError(NOT_FINITE)
            w = solution.w
            if self.relax:
                w = Refits(problem, terms).blends(w, [self.gamma])[0]
            coef[k] = w = completed(problem, w)
            intercept[k] = design.intercept(centre, w)
            gaps[k] = solution.gap
            n_iter.append(solution.n_iter)
            worst = solution.gap
            if keeps_path:
                grid = path_grid(self.store_path, problem, self.alpha, self.l1_ratio)
                path_gaps = self._store_path(
                    design, problem, terms, centre, grid, self.l1_ratio, X.dtype
                )
                worst = max(worst, path_gaps.max())
            warn_if_short(worst, problem.goal(self.tol))

        single = n_targets == 1
        self.coef_ = coef[0] if single else coef
        self.dual_gap_ = gaps[0] if single else gaps
        self.n_iter_ = n_iter[0] if single else n_iter
        if not self.fit_intercept:
            self.intercept_ = 0.0
        else:
            intercept = intercept.astype(X.dtype)
            self.intercept_ = intercept[0] if np.ndim(y) == 1 else intercept
        self._has_offset = offset is not None
        return self

    def _fit_weightings(self, members, X, y, weights, *, each, standardize=False):
        """Fit clones of this model to many weightings of the same rows."""
        return fit_elastic_nets(
            self,
            members,
            X,
            y,
            weights,
            each=each,
            standardize=standardize,
            warn=warn_if_short,
        )

    @property
    def sparse_coef_(self):
        """The coefficients in CSR."""
        return sparse.csr_array(np.atleast_2d(self.coef_))
