"""Lasso and elastic net with the penalty chosen by cross-validation."""

import warnings
from abc import ABC, abstractmethod
from numbers import Integral, Real

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv
from sklearn.utils import check_consistent_length, check_random_state, check_scalar
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import column_or_1d

from sklreg._validation import (
    Interval,
    StrOptions,
    _fit_context,
    _raise_for_params,
    _routing_enabled,
    restored_on_error,
    validate_data,
)
from sklreg.linear_model._base import LinearRegressor, check_weights
from sklreg.linear_model._coordinate_descent import ElasticNet, Lasso
from sklreg.linear_model._path import (
    alpha_grid,
    check_grid_possible,
    enet_path,
    lasso_path,
)
from sklreg.solvers.coordinate_descent import LeastSquaresProblem
from sklreg.solvers.design import make_design
from sklreg.solvers.fold_paths import FoldPaths
from sklreg.solvers.threads import blas_for


class _PathCV(LinearRegressor, ABC):
    """Cross-validation along a path of penalties."""

    _parameter_constraints: dict = {
        "eps": [Interval(Real, 0, None, closed="neither")],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "copy_X": ["boolean"],
        "cv": ["cv_object"],
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
    }

    @abstractmethod
    def _model(self, alpha, l1_ratio, **params):
        """Return the model to fit with the penalty that was chosen."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, **params):
        """Choose the penalty by cross-validation and fit the model with it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data. Folds are weights on the rows: no fold is copied.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights in the fits and in the test error of each fold. The errors of
            the folds are then averaged without weights.
        **params : dict
            Parameters for the splitter, with metadata routing enabled.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the input is not finite or its shape is wrong, if y has several
            targets, or if the rows of a fold have no weight.
        """
        _raise_for_params(params, self, "fit")
        with restored_on_error(self):
            return self._fit(X, y, sample_weight, params)

    def _fit(self, X, y, sample_weight, params):
        X, y = validate_data(
            self,
            X,
            y,
            validate_separately=(
                {"accept_sparse": "csc", "dtype": [np.float64, np.float32]},
                {"dtype": [np.float64, np.float32], "ensure_2d": False},
            ),
        )
        check_consistent_length(X, y)
        if y.ndim > 1 and y.shape[1] > 1:
            raise ValueError(
                f"{type(self).__name__} takes a single target; y has {y.shape[1]}."
            )
        y = column_or_1d(y, warn=True)
        weights = check_weights(sample_weight, X)
        l1_ratios = np.atleast_1d(getattr(self, "l1_ratio", 1.0)).astype(np.float64)
        grids = self._grids(X, y, weights, l1_ratios)
        folds = self._folds(X, y, sample_weight, weights, params)

        rng = check_random_state(self.random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=(len(folds), len(l1_ratios)))
        paths = FoldPaths(
            X,
            y,
            weights,
            fit_intercept=self.fit_intercept,
            gram=self.precompute is True,
            tests=[test for _, test in folds],
        )
        with blas_for(min(len(folds), effective_n_jobs(self.n_jobs))):
            results = Parallel(
                n_jobs=self.n_jobs, verbose=self.verbose, prefer="threads"
            )(
                delayed(paths.errors)(
                    train, test, grids, l1_ratios, [self._options(seed) for seed in row]
                )
                for (train, test), row in zip(folds, seeds, strict=True)
            )
        self._warn_of_short_folds(results)
        errors = np.array([[path.errors for path in fold] for fold in results])
        errors = np.swapaxes(errors, 0, 1)
        self.mse_path_ = np.squeeze(np.moveaxis(errors, 2, 1))
        best, place = np.unravel_index(
            np.argmin(errors.mean(axis=1)), (len(l1_ratios), grids.shape[1])
        )
        self.alpha_ = grids[best, place]
        if hasattr(self, "l1_ratio"):
            self.l1_ratio_ = l1_ratios[best]
        several = isinstance(self.alphas, Integral) and len(l1_ratios) > 1
        self.alphas_ = grids if several else grids[0]

        model = self._model(
            self.alpha_,
            l1_ratios[best],
            fit_intercept=self.fit_intercept,
            precompute=False if self._auto() else self.precompute,
            max_iter=self.max_iter,
            tol=self.tol,
            copy_X=True,
            positive=self.positive,
            random_state=self.random_state,
            selection=self.selection,
        )
        # A default argument is left out, for subclasses whose fit takes no weights.
        model.fit(X, y, **({} if weights is None else {"sample_weight": weights}))
        self.coef_ = model.coef_
        self.intercept_ = model.intercept_
        self.dual_gap_ = model.dual_gap_
        self.n_iter_ = model.n_iter_
        return self

    def _auto(self):
        return isinstance(self.precompute, str)

    def _options(self, seed):
        random = self.selection == "random"
        return {
            "positive": self.positive,
            "random_state": check_random_state(int(seed)) if random else None,
            "tol": self.tol,
            "max_iter": self.max_iter,
        }

    def _grids(self, X, y, weights, l1_ratios):
        """Return the penalties to try, a row for each l1_ratio."""
        if not isinstance(self.alphas, Integral):
            for index, alpha in enumerate(self.alphas):
                check_scalar(
                    alpha,
                    f"alphas[{index}]",
                    target_type=Real,
                    min_val=0.0,
                    include_boundaries="left",
                )
            return np.tile(np.sort(self.alphas)[::-1], (len(l1_ratios), 1))
        for l1_ratio in l1_ratios:
            check_grid_possible(l1_ratio)
        design = make_design(X, weights, self.fit_intercept)
        target, _ = design.targets(y)
        problem = LeastSquaresProblem(design, target, positive=self.positive)
        return np.array(
            [alpha_grid(problem.alpha_max(r), self.eps, self.alphas) for r in l1_ratios]
        )

    def _folds(self, X, y, sample_weight, weights, params):
        """Return the splits as a list, each with weight on both of its sides."""
        split_params = {}
        if _routing_enabled():
            routed = process_routing(self, "fit", sample_weight=sample_weight, **params)
            split_params = routed.splitter.split
        folds = list(check_cv(self.cv).split(X, y, **split_params))
        for k, rows in enumerate(folds):
            for side, indices in zip(("training", "test"), rows, strict=True):
                if not len(indices):
                    raise ValueError(f"cv leaves fold {k} without {side} rows.")
                if weights is not None and not weights[indices].any():
                    raise ValueError(
                        f"sample_weight is 0 on all {side} rows of fold {k}."
                    )
        return folds

    def _warn_of_short_folds(self, results):
        results = [path for fold in results for path in fold]
        short = [np.sum(r.gaps > r.goal) for r in results]
        if any(short):
            fits = sum(len(r.gaps) for r in results)
            worst = max(np.max(r.gaps / max(r.goal, 1e-300)) for r in results)
            warnings.warn(
                f"Objective did not converge in {sum(short)} of {fits} fits on folds; "
                f"the largest duality gap is {worst:.1e} times its tolerance. You "
                "might want to increase the number of iterations, check the scale of "
                "the features or consider increasing regularisation.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def get_metadata_routing(self):
        """Get metadata routing of this object.

        Returns
        -------
        routing : MetadataRouter
            What fit passes on to the splitter.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                splitter=check_cv(self.cv),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = False
        return tags


class LassoCV(_PathCV):
    """Lasso with the penalty chosen by cross-validation along a path.

    For each fold and each penalty of a grid, minimises::

        1 / (2 * n_samples) * sum_i s_i * (y_i - x_i @ w - b)**2 + alpha * ||w||_1

    over the coefficients `w` and, if `fit_intercept`, the unpenalised intercept `b`,
    where the sample weights `s` are normalised to sum to `n_samples`. The alpha of
    the least mean squared error on the test rows, averaged over the folds, is then
    fitted to all the data.

    Parameters
    ----------
    eps : float, default=1e-3
        Smallest alpha of an automatic grid, relative to the largest.
    alphas : int or array-like, default=100
        Size of an automatic grid, which starts at the smallest alpha with all
        coefficients zero, or the values themselves.
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
    copy_X : bool, default=True
        Present for compatibility: X is only read.
    cv : int, cross-validation generator or iterable, default=None
        How the folds are made: None for 5 folds, a number of folds, a splitter, or
        an iterable of (train, test) indices, which may repeat rows.
    verbose : bool or int, default=False
        Verbosity of the loop over the folds.
    n_jobs : int, default=None
        Number of threads for the folds; None is 1, -1 is all processors.
    positive : bool, default=False
        Whether to keep the coefficients from falling below zero.
    random_state : int, RandomState instance or None, default=None
        Draws the coordinates when ``selection='random'``.
    selection : {'cyclic', 'random'}, default='cyclic'
        Order of the coordinates in a sweep.

    Attributes
    ----------
    alpha_ : float
        The penalty that was chosen.
    coef_ : ndarray of shape (n_features,)
        Coefficients at `alpha_`.
    intercept_ : float
        Intercept, 0.0 without `fit_intercept`.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error on the test rows of each fold.
    alphas_ : ndarray of shape (n_alphas,)
        The grid, in decreasing order.
    dual_gap_ : float
        Duality gap of the final fit, in units of the objective.
    n_iter_ : int
        Sweeps of the final fit.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    Lasso : One penalty.
    lasso_path : Coefficients for many penalties.
    ElasticNetCV : With an L2 penalty beside the L1 penalty.

    Notes
    -----
    Weights are exact: a weight of 2 is a row twice, a weight of 0 a row left out,
    in the fits and in the errors. For the method see Hastie, Tibshirani and Friedman,
    *The Elements of Statistical Learning*, 2nd ed. (2009), sections 3.4 and 7.10.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.linear_model import LassoCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = LassoCV(cv=20, tol=1e-6).fit(X, y)
    >>> print(round(model.alpha_, 8))
    0.05320868
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps=1e-3,
        alphas=100,
        fit_intercept=True,
        precompute="auto",
        max_iter=1000,
        tol=1e-4,
        copy_X=True,
        cv=None,
        verbose=False,
        n_jobs=None,
        positive=False,
        random_state=None,
        selection="cyclic",
    ):
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def _model(self, alpha, l1_ratio, **params):
        return Lasso(alpha=alpha, **params)


class ElasticNetCV(_PathCV):
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
        Number of threads for the folds; None is 1, -1 is all processors.
    positive : bool, default=False
        Whether to keep the coefficients from falling below zero.
    random_state : int, RandomState instance or None, default=None
        Draws the coordinates when ``selection='random'``.
    selection : {'cyclic', 'random'}, default='cyclic'
        Order of the coordinates in a sweep.

    Attributes
    ----------
    alpha_ : float
        The penalty that was chosen.
    l1_ratio_ : float
        The share of the L1 penalty that was chosen.
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
        **_PathCV._parameter_constraints,
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

    def _model(self, alpha, l1_ratio, **params):
        return ElasticNet(alpha=alpha, l1_ratio=l1_ratio, **params)
