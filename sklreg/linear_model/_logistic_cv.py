"""Logistic regression that chooses its penalty by cross-validation."""

from copy import copy
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from scipy.sparse import issparse
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils import metadata_routing
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from sklreg._threads import blas_for
from sklreg._validation import (
    Hidden,
    Interval,
    StrOptions,
    _deprecate_positional_args,
    _fit_context,
    _raise_for_params,
    _routing_enabled,
    restored_on_error,
    validate_rows,
)
from sklreg.linear_model._logistic import LogisticRegression
from sklreg.linear_model._logistic_choice import LogisticFolds
from sklreg.linear_model._logistic_folds import FoldScores, fold_paths
from sklreg.linear_model._logistic_penalty import check_dual, read_l1_ratios
from sklreg.linear_model._logistic_problem import (
    check_present,
    refuse_soft_labels,
    row_weights,
)
from sklreg.linear_model._selection import SELECTION_CONSTRAINTS

# Entries of X up to which folds that take their steps together lose more by handing
# the interpreter from thread to thread than a second processor wins. Sparse paths with
# an L1 penalty have no use for the interpreter.
_SMALL = 100_000


class LogisticRegressionCV(LogisticFolds):
    """Logistic regression with its penalty chosen by cross-validation.

    For every fold, every `l1_ratio` and every C of a grid the objective of
    :class:`LogisticRegression` is minimised on the training rows, along a path with
    warm starts. The pair of the best score on the test rows, averaged over the folds,
    is then fitted to all the data.

    Parameters
    ----------
    Cs : int or array-like of shape (n_Cs,), default=10
        Inverse strengths of the penalty; an int takes as many from 1e-4 to 1e4,
        equally spaced in the logarithm. :func:`logistic_path` makes a grid that suits
        the data.
    l1_ratios : array-like of shape (n_l1_ratios,), default=None
        Shares of the L1 penalty to try, each in [0, 1]. None, which is deprecated, is
        ``(0.0,)`` without a dimension in the attributes.
    fit_intercept : bool, default=True
        Whether to fit intercepts. They are not penalised, whatever `solver` is.
    cv : int, cross-validation generator or iterable, default=None
        How the folds are made: None for 5 stratified folds, a number of folds, a
        splitter, or an iterable of (train, test) indices, which may repeat rows.
    dual : bool, default=False
        Present for compatibility; see :class:`LogisticRegression`.
    penalty : {'l1', 'l2', 'elasticnet'}, default='deprecated'
        Deprecated, as in scikit-learn 1.8: use `l1_ratios`.
    scoring : str or callable, default=None
        A scorer's name or a callable ``scorer(estimator, X, y)``. None is accuracy;
        from scikit-learn 1.11 on it will be 'neg_log_loss', so that leaving this at
        its default draws a warning. Metrics that take ``labels`` get all classes.
    solver : {'lbfgs', 'liblinear', 'newton-cg', 'newton-cholesky', 'sag', 'saga'}, \
            default='lbfgs'
        Present for compatibility: every value gives the same exact optimum.
    tol : float, default=1e-4
        Each fit stops when its duality gap is at most ``tol**2`` times the log loss of
        its null model; see :class:`LogisticRegression`.
    max_iter : int, default=100
        Bound on the Newton steps of each fit.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, ``{label: weight}``; 'balanced' gives every class the
        same total weight, counted over all the data.
    n_jobs : int, default=None
        Number of threads for the folds; None is 1, -1 is all processors. Small data
        with two classes get one, unless they are sparse and all `l1_ratios` positive.
    verbose : int, default=0
        Verbosity of the loop over the folds.
    refit : bool, default=True
        Whether to fit all the data with the penalty of the best mean score. Otherwise
        the coefficients of each fold's own best penalty are averaged.
    intercept_scaling : float, default=1.0
        Present for compatibility; see :class:`LogisticRegression`.
    random_state : int, RandomState instance or None, default=None
        Present for compatibility: nothing is random.
    use_legacy_attributes : bool, default=True
        Whether attributes have scikit-learn's shapes of before 1.10: dictionaries by
        class for `scores_` and `coefs_paths_`, arrays for `C_` and `l1_ratio_`, an
        axis of length 1 before the others of `n_iter_`. Left at its default this
        draws a warning.
    positive : bool, default=False
        Whether to keep the coefficients from falling below zero.
    penalty_factor : array-like of shape (n_features,) or mapping, default=None
        Multiplies the penalty of each feature; see :class:`LogisticRegression`.
    exclude : array-like, default=None
        Features to leave out of the model: indices, names or a mask.
    coef_bounds : tuple (lower, upper), default=None
        Bounds of the coefficients; see :class:`LogisticRegression`.
    standardize : bool, default=False
        Whether to penalise as if every feature were divided by its (weighted)
        standard deviation, in each fold by that of its training rows.
    selection_rule : {'min', '1se'} or callable, default='min'
        How C is chosen along the curve of the best `l1_ratio`: by the best mean
        score, by the strongest penalty within one standard error of it, or by
        ``rule(Cs, mean, standard_error)``, which gets increasing Cs and errors
        (negative scores) and returns a place. Only with `refit`.
    store_path : bool, default=False
        Whether to keep the coefficients for all `Cs`, on all the data and with the
        chosen `l1_ratio_`, for `coef_at` and the tables. Only with `refit`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray or sparse of shape (1, n_features) or (n_classes, n_features)
        Coefficients, one row for two classes; CSR after `sparsify`.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts, zero without `fit_intercept`.
    Cs_ : ndarray of shape (n_Cs,)
        The grid.
    l1_ratios_ : ndarray of shape (n_l1_ratios,)
        Shares of the L1 penalty; ``[None]`` if `l1_ratios` is None.
    coefs_paths_ : ndarray of shape (n_folds, n_l1_ratios, n_Cs, n_classes, n_dof)
        Coefficients of every fold, with intercepts in the last column if there are
        any; one class for two. Legacy: a dictionary from class (the second of two) to
        arrays of shape (n_folds, n_Cs, n_l1_ratios, n_dof), without the third axis if
        `l1_ratios` is None.
    scores_ : ndarray of shape (n_folds, n_l1_ratios, n_Cs)
        Scores of every fold. Legacy: a dictionary from class to the same array of
        shape (n_folds, n_Cs, n_l1_ratios), or (n_folds, n_Cs) if `l1_ratios` is None.
    C_ : float
        The C that was chosen; the mean over the folds without `refit`. Legacy: an
        array that repeats it for each class.
    l1_ratio_ : float
        The share of the L1 penalty that was chosen, like `C_`.
    C_min_ : float
        The C of the best mean score for the chosen `l1_ratio_`. Only with `refit`.
    C_1se_ : float
        The strongest penalty within one standard error of it. Only with `refit`.
    n_iter_ : ndarray of shape (n_folds, n_l1_ratios, n_Cs)
        Newton steps. Legacy: of shape (1, n_folds, n_Cs, n_l1_ratios), without the
        last axis if `l1_ratios` is None.
    dual_gap_ : float
        Duality gap of the final fit, in units of the objective; without `refit` the
        largest of the fits that were averaged.
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
        The path in a table; see :class:`LogisticRegression`.
    coef_table_ : DataFrame
        The coefficients in a table; see :class:`LogisticRegression`.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    LogisticRegression : One penalty.
    logistic_path : Coefficients for many values of `C`.

    Notes
    -----
    Folds are weights on the rows: no row of X is copied. A class that the training
    rows of a fold lack is never predicted there, which a warning tells. See Hastie,
    Tibshirani and Friedman, *The Elements of Statistical Learning*, 2nd ed. (2009),
    sections 4.4 and 7.10.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklreg.linear_model import LogisticRegressionCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegressionCV(
    ...     Cs=np.logspace(-3, 1, 20),
    ...     l1_ratios=(1.0,),
    ...     standardize=True,
    ...     scoring="neg_log_loss",
    ...     selection_rule="1se",
    ...     use_legacy_attributes=False,
    ... ).fit(X, y)
    >>> print(f"{model.C_:.3f} {model.C_min_:.3f} {model.score(X, y):.3f}")
    0.336 0.886 -0.073
    """

    __metadata_request__score = {"sample_weight": metadata_routing.UNUSED}
    _parameter_constraints: dict = {
        **{
            name: constraint
            for name, constraint in LogisticRegression._parameter_constraints.items()
            if name not in ("C", "l1_ratio", "warm_start")
        },
        "Cs": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "l1_ratios": ["array-like", None, Hidden(StrOptions({"warn"}))],
        "cv": ["cv_object"],
        "scoring": [
            StrOptions(set(get_scorer_names())),
            callable,
            None,
            Hidden(StrOptions({"warn"})),
        ],
        "refit": ["boolean"],
        "penalty": [
            StrOptions({"l1", "l2", "elasticnet"}),
            Hidden(StrOptions({"deprecated"})),
        ],
        "use_legacy_attributes": ["boolean", Hidden(StrOptions({"warn"}))],
        **SELECTION_CONSTRAINTS,
        "store_path": ["boolean"],
    }

    def __init__(
        self,
        *,
        Cs=10,
        l1_ratios="warn",
        fit_intercept=True,
        cv=None,
        dual=False,
        penalty="deprecated",
        scoring="warn",
        solver="lbfgs",
        tol=1e-4,
        max_iter=100,
        class_weight=None,
        n_jobs=None,
        verbose=0,
        refit=True,
        intercept_scaling=1.0,
        random_state=None,
        use_legacy_attributes="warn",
        positive=False,
        penalty_factor=None,
        exclude=None,
        coef_bounds=None,
        standardize=False,
        selection_rule="min",
        store_path=False,
    ):
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.use_legacy_attributes = use_legacy_attributes
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.exclude = exclude
        self.coef_bounds = coef_bounds
        self.standardize = standardize
        self.selection_rule = selection_rule
        self.store_path = store_path

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, offset=None, **params):
        """Choose the penalty by cross-validation and fit the model with it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data, in float32 or float64; anything else is converted.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Non-negative weights of the samples, in the fits and for scorers.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), \
                default=None
            Known part of the scores, in the fits and on the test rows.
        **params : dict
            Metadata for the splitter and the scorer, such as ``groups``; only with
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the input is not finite or its shape is wrong, if y holds soft labels or
            a single class, if the training rows of a fold have no weight, if an option
            for single features does not fit X, or if `selection_rule` or `store_path`
            is combined with ``refit=False``.
        """
        _raise_for_params(params, self, "fit")
        with restored_on_error(self):
            return self._fit(X, y, sample_weight, offset, params)

    def _fit(self, X, y, sample_weight, offset, params):
        l1_ratios, given = read_l1_ratios(self)
        legacy = self._legacy()
        check_dual(self)
        self._check_together()
        Cs = self._grid()
        refuse_soft_labels(y)
        X, y = validate_rows(
            self, X, y, accept_sparse="csc", dtype=[np.float64, np.float32]
        )
        self._check_class_weight(y)
        problem, classes = self._problem(X, y, sample_weight, offset)
        check_present(problem, classes)
        weights = row_weights(sample_weight, X)
        routed = self._routed(weights, params)
        folds = self._folds(X, y, problem.weight, routed.splitter.split)
        scores = FoldScores(
            self._get_scorer(),
            X,
            y,
            classes,
            problem.offset,
            routed.scorer.score,
            {"fit_intercept": self.fit_intercept, "solver": self.solver},
        )
        options = {"tol": self.tol, "max_iter": self.max_iter}
        n_jobs = min(effective_n_jobs(self.n_jobs), len(folds))
        compiled = issparse(X) and min(l1_ratios) > 0.0
        size = X.nnz if issparse(X) else X.size
        if problem.rows == 1 and size < _SMALL and not compiled:
            n_jobs = 1
        # The folds of a group are solved together.
        groups = [folds[k::n_jobs] for k in range(n_jobs)]
        with blas_for(n_jobs):
            done = Parallel(n_jobs, verbose=self.verbose, prefer="threads")(
                delayed(fold_paths)(
                    problem, scores, group, Cs, l1_ratios, share=n_jobs == 1, **options
                )
                for group in groups
            )
        paths = [done[k % n_jobs][k // n_jobs] for k in range(len(folds))]
        self._warn_of_folds(paths, classes)

        self.classes_ = classes
        self.Cs_ = Cs
        self._forget_path()
        for name in ("C_min_", "C_1se_"):
            vars(self).pop(name, None)
        if self.refit:
            self._refit(problem, paths, Cs, l1_ratios, options, X.dtype)
        else:
            self._average(paths, Cs, l1_ratios, X.dtype)
        self.l1_ratios_ = np.asarray(l1_ratios if given else [None])
        self._store_folds(paths, given, legacy, X.dtype)
        self._has_offset = offset is not None
        return self

    # -- scoring and metadata ----------------------------------------------------------

    @_deprecate_positional_args(version="1.11")
    def score(self, X, y, *, sample_weight=None, offset=None, **score_params):
        """Score the predictions by the `scoring` of the cross-validation.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            True labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        offset : array-like of shape (n_samples,) or (n_samples, n_classes), \
                default=None
            As in :meth:`decision_function`.
        **score_params : dict
            Metadata for the scorer; only with metadata routing enabled.

        Returns
        -------
        float
            The score.
        """
        _raise_for_params(score_params, self, "score")
        if sample_weight is not None:
            score_params["sample_weight"] = sample_weight
        scorer = self._get_scorer()
        if _routing_enabled():
            score_params = process_routing(self, "score", **score_params).scorer.score
        model = self
        if offset is not None:
            model = copy(self)
            model._own_offset = offset
        return scorer(model, X, y, **score_params)

    def get_metadata_routing(self):
        """Return how metadata is routed to the splitter and the scorer.

        Returns
        -------
        MetadataRouter
            Routing information; see scikit-learn's user guide.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
            .add(
                scorer=self._get_scorer(),
                method_mapping=MethodMapping()
                .add(caller="score", callee="score")
                .add(caller="fit", callee="score"),
            )
        )

    def _get_scorer(self):
        scoring = None if self.scoring == "warn" else self.scoring
        return get_scorer(scoring or "accuracy")
