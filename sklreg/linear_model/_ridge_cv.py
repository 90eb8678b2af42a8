"""Ridge regression that chooses its alpha by cross-validation."""

from numbers import Real

import numpy as np
from scipy import sparse
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from sklreg._validation import (
    Interval,
    StrOptions,
    _check_method_params,
    _fit_context,
    _raise_for_params,
    _routing_enabled,
    _safe_indexing,
    restored_on_error,
    validate_rows,
)
from sklreg._warnings import warn
from sklreg.linear_model._base import LinearRegressor, check_offset, check_weights
from sklreg.linear_model._penalty_options import (
    PENALTY_CONSTRAINTS,
    options_of,
    resolve_penalty_options,
)
from sklreg.linear_model._ridge import Ridge, store_solution
from sklreg.linear_model._ridge_scores import (
    checked_alphas,
    choose_alpha,
    first_best,
    score_predictions,
    takes_weights,
)
from sklreg.linear_model._selection import SELECTION_CONSTRAINTS
from sklreg.solvers.ridge_folds import cross_validate_ridge
from sklreg.solvers.ridge_loo import LeaveOneOut
from sklreg.solvers.weighted_ridge import (
    WeightedRidge,
    cross_validate_weighted_ridge,
)


class RidgeCV(LinearRegressor):
    """Ridge regression with built-in cross-validation of alpha.

    For every alpha the objective is that of :class:`Ridge`::

        sum_i s_i * (y_i - x_i @ w - b)**2 + alpha * ||w||_2**2

    By default alpha is chosen by leave-one-out cross-validation, exact for weights
    and intercept, of which one decomposition of the smaller side of X gives the
    errors for all alphas. With `cv` the folds share one Gram matrix and every fold
    is solved for all alphas; scores equal those of
    :class:`~sklearn.model_selection.GridSearchCV` over :class:`Ridge`.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,) or float, default=(0.1, 1.0, 10.0)
        Strengths of the penalty to try. Positive; zero is allowed only with `cv`.
        Of several with the same score the first is chosen.
    fit_intercept : bool, default=True
        Whether to fit an intercept. It is not penalised.
    scoring : str or callable, default=None
        A scorer's name or a callable ``scorer(estimator, X, y)``. None is the
        negative mean squared error in leave-one-out (each error weighted by its
        sample weight), R² with `cv`. In leave-one-out the estimator given to a
        callable returns the left-out predictions whatever it is asked to predict.
        Sample weights are handed to a scorer that takes them; one that does not
        draws a warning.
    cv : int, cross-validation generator or iterable, default=None
        None is leave-one-out; an integer that many folds; otherwise a splitter or an
        iterable of (train, test) row numbers.
    gcv_mode : {'auto', 'svd', 'eigen'}, default=None
        How leave-one-out decomposes. 'eigen', the default under the names None and
        'auto', takes the eigendecomposition of the smaller of ``X.T @ X`` and
        ``X @ X.T``; 'svd' the singular values of a dense X, slower and more exact on
        badly conditioned ones. Columns on very different scales are taken by
        singular values anyway.
    store_cv_results : bool, default=False
        Whether to keep the leave-one-out results of every sample and alpha in
        `cv_results_`. Not with `cv`.
    alpha_per_target : bool, default=False
        Whether every target gets an alpha of its own. Not with `cv`.
    penalty_factor : array-like of shape (n_features,) or mapping, default=None
        Multiplies the penalty of each feature: 0 leaves it unpenalised, infinity
        excludes it. A mapping goes from feature names to factors and leaves the
        others at 1. Factors are not rescaled.
    exclude : array-like, default=None
        Features to leave out of the model: indices, names or a mask.
    standardize : bool, default=False
        Whether to penalise as if every feature were divided by its (weighted)
        standard deviation in the rows that are fitted, in leave-one-out in all rows.
        Coefficients stay on the original scale; X is not changed.
    selection_rule : {'min', '1se'} or callable, default='min'
        'min' chooses the best mean score; '1se' the largest alpha whose mean score is
        within one standard error of the best, over the folds or, in leave-one-out,
        the rows. A callable is called as ``rule(alphas, mean, standard_error)`` with
        the alphas in decreasing order and errors, or negative scores, of each, and
        returns an index. Leave-one-out with `scoring`, or with `alpha_per_target`
        and several targets, has only 'min'.

    Attributes
    ----------
    cv_results_ : ndarray of shape (n_samples, n_alphas) or \
            (n_samples, n_targets, n_alphas)
        Weighted squared leave-one-out errors if ``scoring=None``, otherwise the
        leave-one-out predictions. Only with ``store_cv_results=True``.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients of the fit on all samples with the chosen alpha.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 if ``fit_intercept=False``.
    alpha_ : float or ndarray of shape (n_targets,)
        The chosen alpha, one for each target if ``alpha_per_target=True``.
    alpha_min_, alpha_1se_ : float
        The alphas of the best mean score, and of the rule '1se'; only where
        `selection_rule` is not 'min'.
    best_score_ : float or ndarray of shape (n_targets,)
        Score of the chosen alpha. Samples of weight zero do not count in the mean
        squared error of leave-one-out.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap of the fit on all samples; see :class:`Ridge`.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    Ridge : Ridge regression with a given alpha.

    References
    ----------
    G. H. Golub, M. Heath and G. Wahba (1979), "Generalized cross-validation as a
    method for choosing a good ridge parameter", Technometrics 21.

    R. Rifkin and R. Lippert (2007), "Notes on regularized least squares",
    MIT-CSAIL-TR-2007-025.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.linear_model import RidgeCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = RidgeCV(alphas=[1e-3, 1e-2, 1e-1, 1]).fit(X, y)
    >>> model.alpha_
    0.01
    >>> print(f"{model.score(X, y):.4f}")
    0.5166
    """

    _parameter_constraints: dict = {
        "alphas": ["array-like", Interval(Real, 0, None, closed="neither")],
        "fit_intercept": ["boolean"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "cv": ["cv_object"],
        "gcv_mode": [StrOptions({"auto", "svd", "eigen"}), None],
        "store_cv_results": ["boolean"],
        "alpha_per_target": ["boolean"],
        **{k: v for k, v in PENALTY_CONSTRAINTS.items() if k != "coef_bounds"},
        **SELECTION_CONSTRAINTS,
    }

    def __init__(
        self,
        alphas=(0.1, 1.0, 10.0),
        *,
        fit_intercept=True,
        scoring=None,
        cv=None,
        gcv_mode=None,
        store_cv_results=False,
        alpha_per_target=False,
        penalty_factor=None,
        exclude=None,
        standardize=False,
        selection_rule="min",
    ):
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.gcv_mode = gcv_mode
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target
        self.penalty_factor = penalty_factor
        self.exclude = exclude
        self.standardize = standardize
        self.selection_rule = selection_rule

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, offset=None, **params):
        """Choose alpha and fit the model with it on all samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target values.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Non-negative weights of the samples.
        offset : array-like of shape (n_samples,) or (n_samples, n_targets), \
                default=None
            Part of y that is known: models are fitted to ``y - offset``, and scores
            are those of ``y - offset`` too.
        **params : dict
            Metadata for the splitter and the scorer, such as ``groups``; only with
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        RidgeCV
            The fitted estimator.

        Raises
        ------
        ValueError
            If an alpha is negative, or zero in leave-one-out; if `store_cv_results`
            or `alpha_per_target` is combined with `cv`; if leave-one-out with an
            intercept has fewer than two samples of positive weight; or the weights
            are negative or all zero.
        TypeError
            If an alpha is not a number.
        """
        _raise_for_params(params, self, "fit")
        with restored_on_error(self):
            return self._fit(X, y, sample_weight, offset, params)

    def _fit(self, X, y, sample_weight, offset, params):
        alphas = checked_alphas(self.alphas, zero_allowed=self.cv is not None)
        if self.cv is not None:
            for name in ("store_cv_results", "alpha_per_target"):
                if getattr(self, name):
                    raise ValueError(f"cv!=None and {name}=True are incompatible")
        scorer = self._get_scorer()
        original_X = X
        X, y = validate_rows(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
        )
        if offset is not None:
            y = y - check_offset(offset, y.shape)
        self._check_rule(y)
        terms = resolve_penalty_options(
            X.shape[1], getattr(self, "feature_names_in_", None), **options_of(self)
        )
        weights = check_weights(sample_weight, X)
        if weights is not None:
            params = {**params, "sample_weight": weights}
        if self.cv is None:
            best, fit = self._leave_one_out(
                X, y, alphas, weights, scorer, params, terms
            )
        else:
            best, fit = self._folds(
                original_X, X, y, alphas, weights, scorer, params, terms
            )
        self.alpha_ = best
        store_solution(self, fit, y)
        self.dual_gap_ = float(fit.gap[0]) if y.ndim == 1 else fit.gap
        self._has_offset = offset is not None
        return self

    def _check_rule(self, y):
        if self.selection_rule == "min" or self.cv is not None:
            return
        if self.scoring is not None:
            raise ValueError(
                "Leave-one-out with scoring has one score for all rows, and so no "
                "standard error: selection_rule must be 'min', or cv given."
            )
        if self.alpha_per_target and y.ndim == 2 and y.shape[1] > 1:
            raise ValueError("alpha_per_target=True needs selection_rule='min'.")

    def _chosen(self, alphas, errors):
        """Return the place of the alpha that a rule beyond 'min' chooses."""
        best, least, within = choose_alpha(self.selection_rule, alphas, errors)
        self.alpha_min_, self.alpha_1se_ = float(alphas[least]), float(alphas[within])
        return best

    # -- leave-one-out --------------------------------------------------------------

    def _leave_one_out(self, X, y, alphas, weights, scorer, params, terms):
        active = len(y) if weights is None else np.count_nonzero(weights)
        if self.fit_intercept and active < 2:
            raise ValueError(
                "Leave-one-out with an intercept needs at least two samples of "
                f"positive weight; got n_samples={len(y)}, {active} of positive weight."
            )
        Y = y.reshape(len(y), -1).astype(np.float64, copy=False)
        by_svd = self.gcv_mode == "svd"
        if by_svd and sparse.issparse(X):
            warn(
                "The 'svd' mode is not supported for sparse X, we fallback to "
                "`gcv_mode='eigen'`. Passing `gcv_mode='svd'` on sparse X will raise "
                "an error in 1.11, use the default or pass `gcv_mode='eigen'` to "
                "suppress this warning.",
                FutureWarning,
            )
            by_svd = False
        options = {"weights": weights, "fit_intercept": self.fit_intercept}
        if terms is None:
            loo = LeaveOneOut(X, Y, alphas, by_svd=by_svd, **options)
        else:
            loo = WeightedRidge(_columns(X), Y, terms, alphas=alphas, **options)
        shape = (*Y.shape, len(alphas))
        kept = None
        by_rule = self.selection_rule != "min"
        if self.store_cv_results or self.scoring is not None or by_rule:
            kept = np.empty(shape)
        losses = np.zeros(shape[1:])
        for rows, errors in loo.residuals():
            if self.scoring is not None:
                kept[rows] = Y[rows, :, None] - errors
                continue
            np.multiply(errors, errors, out=errors)
            if weights is not None:
                errors *= weights[rows, None, None]
            losses += errors.sum(axis=0)
            if kept is not None:
                kept[rows] = errors
        if self.scoring is None:
            scores = -losses / active
            if not self.alpha_per_target:
                scores = scores.mean(axis=0)
        else:
            extra = self._routed(params, scorer).scorer.score
            scores = score_predictions(
                kept, y, scorer, extra, per_target=self.alpha_per_target
            )
        best = np.asarray(first_best(scores))
        if by_rule:
            counted = slice(None) if weights is None else weights > 0
            best = np.asarray(self._chosen(alphas, kept[counted].mean(axis=1).T))
        chosen = np.broadcast_to(alphas[best].astype(np.float64), Y.shape[1:])
        fit = loo.refit(chosen)
        if self.store_cv_results:
            kept = kept[:, 0] if y.ndim == 1 else kept
            self.cv_results_ = kept.astype(X.dtype, copy=False)
        if best.ndim and len(best) > 1:
            self.best_score_ = scores[np.arange(len(best)), best]
            return chosen.copy(), fit
        self.best_score_ = float(np.ravel(scores)[best.item()])
        return float(chosen[0]), fit

    # -- folds ----------------------------------------------------------------------

    def _folds(self, original_X, X, y, alphas, weights, scorer, params, terms):
        routed = self._routed(params, scorer)
        cv = check_cv(self.cv, y, classifier=False)
        splits = list(cv.split(X, y, **routed.splitter.split))
        Y = y.reshape(len(y), -1)
        named = self.scoring is None or isinstance(self.scoring, str)
        scores = np.empty((len(splits), len(alphas)))
        options = {"weights": weights, "fit_intercept": self.fit_intercept}
        if terms is None:
            fits = cross_validate_ridge(X, Y, alphas, splits, **options)
        else:
            fits = cross_validate_weighted_ridge(
                _columns(X), Y, alphas, splits, terms, **options
            )
        for row, fold, (_, test) in zip(scores, fits, splits, strict=True):
            extra = _check_method_params(X, params=routed.scorer.score, indices=test)
            if named:
                predictions = fold.predictions.astype(X.dtype, copy=False)
                row[:] = score_predictions(predictions, y[test], scorer, extra)
            else:
                # Any callable may look at the estimator and at X.
                X_test = _safe_indexing(original_X, test)
                for k, model in enumerate(self._models(fold, alphas, y)):
                    row[k] = scorer(model, X_test, y[test], **extra)
        means = scores.mean(axis=0)
        best = int(first_best(means))
        if self.selection_rule != "min":
            best = self._chosen(alphas, -scores.T)
        self.best_score_ = float(means[best])
        fit = Ridge(alpha=float(alphas[best]), fit_intercept=self.fit_intercept)
        if terms is not None:
            model = WeightedRidge(_columns(X), Y, terms, **options)
            return alphas[best], model.fit(np.full(Y.shape[1], alphas[best]))
        return alphas[best], fit.solution(X, Y, weights)

    def _routed(self, params, scorer):
        """Without routing, weights go to a scorer that takes them."""
        if _routing_enabled():
            return process_routing(self, "fit", **params)
        if params and not takes_weights(scorer, self.scoring):
            warn(
                f"The scoring {self.scoring} does not support sample_weight, which "
                "may lead to statistically incorrect results when fitting with "
                "sample_weight.",
            )
            params = {}
        return Bunch(splitter=Bunch(split={}), scorer=Bunch(score=params))

    def _models(self, fold, alphas, y):
        """Yield the fold's fits as estimators."""
        coef, intercept = fold.coefficients()
        for k, alpha in enumerate(alphas):
            model = Ridge(alpha=alpha, fit_intercept=self.fit_intercept)
            fit = Bunch(coef=coef[:, :, k].T, intercept=intercept[:, k])
            store_solution(model, fit, y)
            model.n_features_in_ = self.n_features_in_
            if hasattr(self, "feature_names_in_"):
                model.feature_names_in_ = self.feature_names_in_
            yield model

    # -- metadata routing -----------------------------------------------------------

    def get_metadata_routing(self):
        """Return how metadata is routed to the scorer and the splitter.

        Returns
        -------
        MetadataRouter
            Routing information; see scikit-learn's user guide.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                scorer=self._get_scorer(),
                method_mapping=MethodMapping().add(caller="fit", callee="score"),
            )
            .add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )

    def _get_scorer(self):
        if _routing_enabled() and self.scoring is None:
            # Weights given to fit are meant for the default score too.
            return get_scorer("r2").set_score_request(sample_weight=True)
        return check_scoring(estimator=self, scoring=self.scoring, allow_none=True)


def _columns(X):
    return X.tocsc() if sparse.issparse(X) else X
