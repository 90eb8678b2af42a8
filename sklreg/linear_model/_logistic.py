"""Logistic regression."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator

from sklreg._base import DocLinkMixin
from sklreg._validation import (
    CallbackSupportMixin,
    Hidden,
    Interval,
    StrOptions,
    _fit_context,
    restored_on_error,
    validate_rows,
    with_callbacks,
)
from sklreg._warnings import warn
from sklreg.linear_model._base import check_offset
from sklreg.linear_model._logistic_fitted import FittedLogistic, warn_of
from sklreg.linear_model._logistic_path import stored_grid
from sklreg.linear_model._logistic_penalty import check_dual, read_penalty
from sklreg.linear_model._logistic_problem import (
    ClassProblem,
    Fit,
    check_present,
    encode,
    feature_terms,
    refuse_soft_labels,
    row_weights,
    weigh,
    weights_of_classes,
)
from sklreg.linear_model._logistic_weightings import fit_logistics
from sklreg.linear_model._penalty_options import PENALTY_CONSTRAINTS


class LogisticRegression(
    FittedLogistic, CallbackSupportMixin, DocLinkMixin, BaseEstimator
):
    r"""Logistic regression with L1, L2 or elastic net penalty, exact and certified.

    For two classes, with :math:`z_i = \pm 1` for the class of row i, minimises

    .. math::

        \sum_i s_i \log\left(1 + e^{-z_i (x_i^\top w + b + o_i)}\right)
        + \frac1C \left(\rho \|w\|_1 + \frac{1 - \rho}2 \|w\|_2^2\right)

    over coefficients w and, if `fit_intercept`, the unpenalised intercept b; s are the
    sample weights times the class weights, :math:`\rho` is `l1_ratio` and o an optional
    offset. For K > 2 classes (multinomial, "softmax" regression)

    .. math::

        \sum_i s_i \Bigl(\log \sum_{k=1}^K e^{r_{ik}} - r_{i y_i}\Bigr)
        + \frac1C \sum_k \left(\rho \|w_k\|_1 + \frac{1 - \rho}2 \|w_k\|_2^2\right),
        \qquad r_{ik} = x_i^\top w_k + b_k + o_{ik}.

    One solver serves every penalty. It ends with a certificate, `dual_gap_`.

    Parameters
    ----------
    penalty : {'l1', 'l2', 'elasticnet'} or None, default='deprecated'
        Deprecated, as in scikit-learn 1.8: use `l1_ratio` (0 for 'l2', 1 for 'l1',
        between for 'elasticnet') and ``C=np.inf`` for None.
    C : float, default=1.0
        Inverse strength of the penalty, in (0, inf]; ``np.inf`` for none.
    l1_ratio : float, default=0.0
        Share of the L1 penalty, in [0, 1]: 0 is the L2 penalty, 1 the L1 penalty.
    dual : bool, default=False
        Present for compatibility. True is taken with ``solver='liblinear'`` only, as
        in scikit-learn, and changes nothing.
    tol : float, default=1e-4
        The fit stops when the duality gap is at most ``tol**2`` times the log loss of
        the null model (with intercepts only), or where rounding ends it. The gap is of
        second order in the coefficients: these are accurate to about `tol`.
    fit_intercept : bool, default=True
        Whether to fit intercepts. They are not penalised, whatever `solver` is.
    intercept_scaling : float, default=1
        Present for compatibility: scikit-learn's 'liblinear' penalises the intercept
        unless this is large. Ours never is penalised.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, ``{label: weight}``, by which those of the samples are
        multiplied; 'balanced' gives every class the same total weight.
    random_state : int, RandomState instance or None, default=None
        Present for compatibility: nothing is random.
    solver : str, default='lbfgs'
        One of 'lbfgs', 'liblinear', 'newton-cg', 'newton-cholesky', 'sag' and 'saga'.
        Present for compatibility: every value gives the same exact optimum, with any
        penalty, for two classes and for more.
    max_iter : int, default=100
        Bound on the Newton steps.
    verbose : int, default=0
        Above 0, print the steps and the gap of every fit.
    warm_start : bool, default=False
        Whether to start from the coefficients of the previous fit.
    n_jobs : int, default=None
        Has no effect, as in scikit-learn since 1.8, and draws its warning.
    positive : bool, default=False
        Whether to keep the coefficients from falling below zero.
    penalty_factor : array-like of shape (n_features,) or mapping, default=None
        Multiplies the penalty of each feature: 0 leaves it unpenalised, infinity
        excludes it. A mapping goes from feature names to factors and leaves the
        others at 1. Factors are not rescaled (R's glmnet makes them sum to the number
        of features).
    exclude : array-like, default=None
        Features to leave out of the model: indices, names or a mask.
    coef_bounds : tuple (lower, upper), default=None
        Bounds of the coefficients, the same in every class: each side is a number, an
        array of shape (n_features,), a mapping from feature names, or None;
        ``lower <= 0 <= upper``.
    standardize : bool, default=False
        Whether to penalise as if every feature were divided by its (weighted)
        standard deviation. Coefficients stay on the original scale; X is not changed.
    store_path : bool or array-like of shape (n_Cs,), default=False
        Whether to keep the coefficients along a path as well, for `coef_at` and the
        tables: True takes 100 values of C from the largest that leaves all penalised
        coefficients at zero to its 1000-fold, or to `C` if that is larger, and `C`; an
        array gives the values. True needs ``l1_ratio > 0``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray or sparse of shape (1, n_features) or (n_classes, n_features)
        Coefficients, one row for two classes; CSR after `sparsify`.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts, zero without `fit_intercept`.
    n_iter_ : ndarray of shape (1,)
        Newton steps.
    dual_gap_ : float
        Duality gap at the coefficients, in units of the objective above: it is at most
        this far above its minimum.
    path_Cs_ : ndarray of shape (n_Cs,)
        Values of C of the stored path, increasing. Like the other attributes of the
        path, only with `store_path`.
    path_alphas_ : ndarray of shape (n_Cs,)
        ``1 / path_Cs_``, the strengths of the penalty.
    path_coefs_ : ndarray of shape (n_features, n_Cs) or (n_classes, n_features, n_Cs)
        Coefficients for each.
    path_intercepts_ : ndarray of shape (n_Cs,) or (n_classes, n_Cs)
        Intercepts.
    path_deviance_ : ndarray of shape (n_Cs,)
        Fraction of the null model's log loss that is explained.
    path_dual_gaps_ : ndarray of shape (n_Cs,)
        Duality gap of each.
    path_table_ : DataFrame
        The path in a table: C, alpha, n_nonzero, deviance_explained, l1_norm, l2_norm
        and dual_gap. Needs pandas.
    coef_table_ : DataFrame
        Intercept and coefficients under the features' names, a column for each C of
        a stored path (named by ``1 / C``) or for each class. Needs pandas.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    LogisticRegressionCV : Chooses `C` and `l1_ratio` by cross-validation.
    logistic_path : Coefficients for many values of `C`.
    SGDClassifier : The same loss (``loss='log_loss'``) by stochastic descent.

    Notes
    -----
    Proximal Newton steps [1]_ on a working set: the quadratic model of the loss is
    minimised by coordinate descent [2]_, a line search follows, and a product with the
    whole of X gives the duality gap [3]_ and the columns to add. Dense X is used in
    the order it has, sparse X in CSC.

    A class whose rows have no weight at all, under `class_weight` or `sample_weight`,
    gets coefficients of zero and an intercept at which it is never predicted, with a
    warning. Where classes are perfectly separated and nothing is penalised there is no
    optimum; a :class:`~sklearn.exceptions.ConvergenceWarning` says so.

    References
    ----------
    .. [1] J. Lee, Y. Sun, M. Saunders (2014). Proximal Newton-Type Methods for
       Minimizing Composite Functions. SIAM J. Optim. 24(3).
    .. [2] J. Friedman, T. Hastie, R. Tibshirani (2010). Regularization Paths for
       Generalized Linear Models via Coordinate Descent. J. Stat. Softw. 33(1).
    .. [3] E. Ndiaye, O. Fercoq, A. Gramfort, J. Salmon (2017). Gap Safe Screening
       Rules for Sparsity Enforcing Penalties. JMLR 18(128).

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklreg.linear_model import LogisticRegression
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression(C=0.1, l1_ratio=1, standardize=True).fit(X, y)
    >>> int((model.coef_ != 0).sum())
    8
    >>> print(f"{model.score(X, y):.3f}")
    0.974
    """

    _parameter_constraints: dict = {
        "penalty": [
            StrOptions({"l1", "l2", "elasticnet"}),
            None,
            Hidden(StrOptions({"deprecated"})),
        ],
        "C": [Interval(Real, 0, None, closed="right")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "dual": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state"],
        "solver": [
            StrOptions(
                {"lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"}
            )
        ],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "n_jobs": [None, Integral],
        "positive": ["boolean"],
        **PENALTY_CONSTRAINTS,
        "store_path": ["boolean", "array-like"],
    }

    def __init__(
        self,
        penalty="deprecated",
        *,
        C=1.0,
        l1_ratio=0.0,
        dual=False,
        tol=1e-4,
        fit_intercept=True,
        intercept_scaling=1,
        class_weight=None,
        random_state=None,
        solver="lbfgs",
        max_iter=100,
        verbose=0,
        warm_start=False,
        n_jobs=None,
        positive=False,
        penalty_factor=None,
        exclude=None,
        coef_bounds=None,
        standardize=False,
        store_path=False,
    ):
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.exclude = exclude
        self.coef_bounds = coef_bounds
        self.standardize = standardize
        self.store_path = store_path

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, offset=None):
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data, in float32 or float64; anything else is converted. Dense data are
            used in the order they have; sparse data in CSC, with either index width.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Non-negative weights of the samples. They are not normalised: twice the
            weights are half the penalty.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), \
                default=None
            Known part of the scores: one column for two classes, the log-odds of the
            second.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If X, y, the weights or the offset are not finite or have the wrong shape,
            if y holds soft labels or a single class, or if an option for single
            features does not fit X.
        """
        with restored_on_error(self):
            return self._fit(X, y, sample_weight, offset)

    def _fit(self, X, y, sample_weight, offset):
        C, l1_ratio = read_penalty(self)
        check_dual(self)
        if self.n_jobs is not None:
            warn(
                "'n_jobs' has no effect since 1.8 and will be removed in 1.10. You "
                f"provided 'n_jobs={self.n_jobs}', please leave it unspecified.",
                FutureWarning,
            )
        refuse_soft_labels(y)
        X, y = validate_rows(
            self, X, y, accept_sparse="csc", dtype=[np.float64, np.float32]
        )
        problem, classes = self._problem(X, y, sample_weight, offset)
        check_present(problem, classes)
        fit = self._solve(problem, C, l1_ratio, y)
        warn_of(fit, self.max_iter)
        self.classes_ = classes
        self._take(fit, X.dtype)
        self._has_offset = offset is not None
        return self

    def _problem(self, X, y, sample_weight, offset):
        """Return the problem on all rows, and the classes."""
        classes, codes = encode(y)
        weights = row_weights(sample_weight, X)
        of_class = weights_of_classes(self.class_weight, classes, codes, weights)
        if offset is not None:
            several = (len(classes),) if len(classes) > 2 else ()
            offset = check_offset(offset, (len(codes), *several))
        problem = ClassProblem(
            X,
            codes,
            len(classes),
            weigh(codes, weights, of_class),
            terms=feature_terms(self, X.shape[1]),
            fit_intercept=self.fit_intercept,
            offset=offset,
        )
        return problem, classes

    @with_callbacks
    def _solve(self, problem, C, l1_ratio, y):
        """Return the fit, with callbacks before and after; keep the path, if wanted."""
        context = None
        if getattr(self, "_skl_callbacks", None):
            context = self._init_callback_context()
            context.call_on_fit_task_begin(estimator=self, X=problem.X, y=y)
        start = self._start(problem.rows, problem.X.shape[1])
        options = {"tol": self.tol, "max_iter": self.max_iter}
        self._forget_path()
        if self.store_path is not False:
            grid = stored_grid(self.store_path, problem, C, l1_ratio)
            fits = problem.path(grid, l1_ratio, **options)
            self._keep_fits(problem, grid, fits, problem.X.dtype)
            start = fits[min(np.searchsorted(grid, C), len(grid) - 1)]
        if self.max_iter:
            fit = problem.solve(C, l1_ratio, start, **options)
        else:
            fit = problem.unmoved(C, l1_ratio, start)
        if self.verbose:
            print(f"C={C:g}: {fit.n_iter} Newton steps, gap {fit.gap:.2e}")
        if context is not None:
            context.call_on_fit_task_end(
                estimator=self,
                X=problem.X,
                y=y,
                reconstruction_attributes={
                    "coef_": fit.coef,
                    "intercept_": fit.intercept,
                },
            )
        return fit

    def _fit_weightings(self, members, X, y, weights, *, each, standardize=False):
        """Fit clones of this model to many weightings of the same rows."""
        return fit_logistics(
            self, members, X, y, weights, each=each, standardize=standardize
        )

    def _start(self, rows, n_features):
        """Return where to start: None, or the coefficients of the previous fit."""
        if not self.warm_start or not hasattr(self, "coef_"):
            return None
        coef = self.coef_.toarray() if hasattr(self.coef_, "toarray") else self.coef_
        if coef.shape != (rows, n_features):
            raise ValueError(
                f"warm_start=True: coef_ of the previous fit has shape {coef.shape}, "
                f"{(rows, n_features)} is needed."
            )
        return Fit(
            coef.astype(np.float64),
            self.intercept_.astype(np.float64),
            gap=np.inf,
            goal=0.0,
            n_iter=0,
        )

    def _take(self, fit, dtype):
        """Take over what a fit has found."""
        self.coef_ = fit.coef.astype(dtype)
        self.intercept_ = fit.intercept.astype(dtype)
        self.dual_gap_ = float(fit.gap)
        self.n_iter_ = np.array([fit.n_iter], dtype=np.int32)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
