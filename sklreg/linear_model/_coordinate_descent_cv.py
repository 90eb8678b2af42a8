"""Lasso and elastic net with the penalty chosen by cross-validation."""

from abc import ABC, abstractmethod
from itertools import chain
from numbers import Integral, Real

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv
from sklearn.utils import check_consistent_length, check_random_state, check_scalar
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import column_or_1d

from sklreg._threads import blas_for
from sklreg._validation import (
    Interval,
    StrOptions,
    _fit_context,
    _raise_for_params,
    _routing_enabled,
    restored_on_error,
    validate_rows,
)
from sklreg._warnings import warn
from sklreg.linear_model._alpha_grid import alpha_grid, check_grid_possible
from sklreg.linear_model._base import LinearRegressor, check_offset, check_weights
from sklreg.linear_model._model_options import (
    MODEL_CONSTRAINTS,
    PenalisedPath,
    model_terms,
    scaled_terms,
)
from sklreg.linear_model._selection import SELECTION_CONSTRAINTS, choose
from sklreg.solvers.design import make_design
from sklreg.solvers.fold_paths import FoldPaths
from sklreg.solvers.penalised import penalised_problem
from sklreg.solvers.penalised_folds import PenalisedFoldPaths


def _groups(l1_ratios, n_folds, n_workers):
    """Return the indices of the l1_ratios that are one task, for every such group.

    Paths of a fold share a working set, but folds alone may leave a worker idle.
    """
    if n_folds % n_workers == 0:
        n_workers = 1
    order = np.argsort(l1_ratios, kind="stable")
    return np.array_split(order, min(n_workers, len(order)))


class PathCV(PenalisedPath, LinearRegressor, ABC):
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
        **MODEL_CONSTRAINTS,
        **SELECTION_CONSTRAINTS,
        "gamma": ["array-like"],
        "store_path": ["boolean"],
    }

    @abstractmethod
    def _model(self, alpha, l1_ratio, **params):
        """Return the model to fit with the penalty that was chosen."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, offset=None, **params):
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
        offset : array-like of shape (n_samples,), default=None
            Part of y that is known: the model is fitted to ``y - offset``.
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
            targets, if the rows of a fold have no weight, if an option for single
            features does not fit X, or if `selection_rule` returns no index.
        """
        _raise_for_params(params, self, "fit")
        with restored_on_error(self):
            return self._fit(X, y, sample_weight, offset, params)

    def _fit(self, X, y, sample_weight, offset, params):
        X, y = validate_rows(
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
        if offset is not None:
            y = y - check_offset(offset, y.shape)
        weights = check_weights(sample_weight, X)
        gammas = self._gammas()
        terms = model_terms(self, X, y, weights)
        l1_ratios = np.atleast_1d(getattr(self, "l1_ratio", 1.0)).astype(np.float64)
        # Threads that BLAS has woken would go on waiting beside those of the folds.
        with blas_for(effective_n_jobs(self.n_jobs)):
            grids, design = self._grids(X, y, weights, l1_ratios, terms)
        folds = self._folds(X, y, sample_weight, weights, params)

        rng = check_random_state(self.random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=(len(folds), len(l1_ratios)))
        paths = self._fold_paths(X, y, weights, terms, gammas, folds)
        # Paths from moments are over before threads repay their start.
        short = paths.moments is not None and len(l1_ratios) == 1
        n_jobs = 1 if short else self.n_jobs
        workers = effective_n_jobs(n_jobs)
        sharing = 1 if paths.moments is not None else workers
        groups = _groups(l1_ratios, len(folds), sharing)
        with blas_for(min(len(folds), workers)):
            parts = Parallel(n_jobs=n_jobs, verbose=self.verbose, prefer="threads")(
                delayed(paths.errors)(
                    *rows,
                    grids[group],
                    l1_ratios[group],
                    [self._options(seed) for seed in row[group]],
                )
                for rows, row in zip(folds, seeds, strict=True)
                for group in groups
            )
        back = np.argsort(np.concatenate(groups))
        results = []
        for k in range(0, len(parts), len(groups)):
            found = list(chain.from_iterable(parts[k : k + len(groups)]))
            results.append([found[i] for i in back])
        self._warn_of_short_folds(results)
        errors = np.array([[path.errors for path in fold] for fold in results])
        # To (n_l1_ratio, n_gamma, n_alphas, n_folds); without `relax` one gamma.
        errors = errors.reshape(len(folds), *grids.shape[:1], -1, grids.shape[1])
        errors = np.moveaxis(errors, 0, -1)
        best, gamma = self._choose(errors, grids, gammas)

        if hasattr(self, "l1_ratio"):
            self.l1_ratio_ = l1_ratios[best]
        several = isinstance(self.alphas, Integral) and len(l1_ratios) > 1
        self.alphas_ = grids if several else grids[0]
        model = self._final_model(l1_ratios[best], terms, gamma, grids[best])
        shared = terms is None and not self.relax and self._auto()
        model._known = design, paths.whole_gram() if shared else None
        # A default argument is left out, for subclasses whose fit takes no weights.
        given = {} if weights is None else {"sample_weight": weights}
        with config_context(assume_finite=True):
            model.fit(X, y, **given)
        self.coef_ = model.coef_
        self.intercept_ = model.intercept_
        self.dual_gap_ = model.dual_gap_
        self.n_iter_ = model.n_iter_
        self._take_path(model)
        self._has_offset = offset is not None
        return self

    def _gammas(self):
        """Return the shares to try in decreasing order; 1 without `relax`."""
        if not self.relax:
            return np.ones(1)
        gammas = np.unique(np.asarray(self.gamma, dtype=np.float64))[::-1]
        if not len(gammas) or not np.all((gammas >= 0.0) & (gammas <= 1.0)):
            raise ValueError(
                f"gamma must hold numbers from 0 to 1; got {self.gamma!r}."
            )
        return gammas

    def _fold_paths(self, X, y, weights, terms, gammas, folds):
        options = {
            "fit_intercept": self.fit_intercept,
            "gram": self.precompute is True,
            "tests": [test for _, test in folds],
        }
        if terms is None and not self.relax:
            return FoldPaths(X, y, weights, **options)
        return PenalisedFoldPaths(X, y, weights, terms=terms, gammas=gammas, **options)

    def _choose(self, errors, grids, gammas):
        """Set what was chosen; return the place of the l1_ratio, and gamma."""
        mean = errors.mean(axis=-1)
        best = int(np.unravel_index(np.argmin(mean), mean.shape)[0])
        # From the strongest penalty to the weakest: by alpha, then by gamma.
        curve = np.swapaxes(errors[best], 0, 1).reshape(-1, errors.shape[-1])
        alphas = np.repeat(grids[best], len(gammas))
        shares = np.tile(gammas, grids.shape[1])
        penalties = np.column_stack([alphas, shares]) if self.relax else alphas
        choice = choose(self.selection_rule, curve, penalties)
        self.alpha_ = alphas[choice.chosen]
        self.alpha_min_ = alphas[choice.least]
        self.alpha_1se_ = alphas[choice.within]
        gamma = shares[choice.chosen]
        vars(self).pop("gamma_", None)
        vars(self).pop("relaxed_mse_path_", None)
        if self.relax:
            self.gamma_ = gamma
            self.relaxed_mse_path_ = errors if hasattr(self, "l1_ratio") else errors[0]
        self.mse_path_ = np.squeeze(errors[:, int(np.argmax(gammas == gamma))])
        return best, gamma

    def _final_model(self, l1_ratio, terms, gamma, grid):
        model = self._model(
            self.alpha_,
            l1_ratio,
            fit_intercept=self.fit_intercept,
            precompute=False if self._auto() else self.precompute,
            max_iter=self.max_iter,
            tol=self.tol,
            copy_X=True,
            positive=self.positive,
            random_state=self.random_state,
            selection=self.selection,
        )
        if terms is not None:
            # What the options and the adaptive weights come to, by column.
            model.set_params(
                penalty_factor=terms.l1,
                exclude=terms.excluded,
                coef_bounds=(terms.lower, terms.upper),
                standardize=self.standardize,
            )
        if self.relax:
            model.set_params(relax=True, gamma=gamma)
        if self.store_path:
            model.set_params(store_path=grid)
        return model

    def _take_path(self, model):
        """Take over the path that the final model has kept, if any."""
        self._forget_path()
        if self.store_path:
            self._keep_path(*(getattr(model, name) for name in self._path_attributes))
            self._certificate = model._certificate

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

    def _grids(self, X, y, weights, l1_ratios, terms):
        """Return the penalties to try, a row for each l1_ratio, and the design, if any.

        The design is made where the data say which penalties to try.
        """
        if not isinstance(self.alphas, Integral):
            for index, alpha in enumerate(self.alphas):
                check_scalar(
                    alpha,
                    f"alphas[{index}]",
                    target_type=Real,
                    min_val=0.0,
                    include_boundaries="left",
                )
            return np.tile(np.sort(self.alphas)[::-1], (len(l1_ratios), 1)), None
        for l1_ratio in l1_ratios:
            check_grid_possible(l1_ratio)
        design = make_design(X, weights, self.fit_intercept, y)
        target, _ = design.targets(y)
        terms = scaled_terms(terms, X, weights)
        problem = penalised_problem(
            design,
            target,
            terms,
            correlation=design.correlation,
            positive=self.positive,
        )
        grids = [
            alpha_grid(problem.alpha_max(r), self.eps, self.alphas) for r in l1_ratios
        ]
        return np.array(grids), design

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
            warn(
                f"Objective did not converge in {sum(short)} of {fits} fits on folds; "
                f"the largest duality gap is {worst:.1e} times its tolerance. You "
                "might want to increase the number of iterations, check the scale of "
                "the features or consider increasing regularisation.",
                ConvergenceWarning,
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
