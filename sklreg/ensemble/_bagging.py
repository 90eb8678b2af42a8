"""What the bagging classifier and regressor share: draws, members, views of them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy

import numpy as np
from joblib import effective_n_jobs
from sklearn import ensemble
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import BaseDecisionTree
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._threads import blas_for
from sklreg._validation import (
    StrOptions,
    _check_method_params,
    _check_sample_weight,
    _fit_context,
    _raise_for_params,
    _routing_enabled,
    _safe_indexing,
    consumes_sample_weight,
    narrow_indices,
    restored_on_error,
    routed_to_estimator,
    validate_data,
)
from sklreg._warnings import warn
from sklreg.ensemble._draws import (
    Draws,
    blocks_of,
    number_of_features,
    number_of_rows,
)
from sklreg.ensemble._linear_members import coefficients

MAX_INT = np.iinfo(np.int32).max
BOOTSTRAPS = {"bayesian", "stratified", "group"}
_COVERAGE = 0.95


class Bagging(DocLinkMixin):
    """Fitting of both bagging estimators; stands before scikit-learn's class."""

    _more_constraints: dict = {
        "max_samples": [
            *ensemble.BaggingRegressor._parameter_constraints["max_samples"],
            None,
        ],
        "bootstrap": ["boolean", StrOptions(BOOTSTRAPS)],
        "oob_score": ["boolean", callable],
    }

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, groups=None, strata=None, **fit_params):
        """Fit the members, each to rows and columns of its own.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data, of any kind that the member takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target: labels for a classifier.
        sample_weight : array-like of shape (n_samples,), default=None
            What the probability of drawing a row is proportional to. With
            ``bootstrap="bayesian"`` it multiplies the weights drawn.
        groups : array-like of shape (n_samples,), default=None
            Groups of rows that are drawn whole, for ``bootstrap="group"``.
        strata : array-like of shape (n_samples,), default=None
            Strata within which rows are drawn, for ``bootstrap="stratified"``. A
            classifier takes the classes if None.
        **fit_params : dict
            Parameters for the members' ``fit``, with metadata routing only.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If what is asked for cannot be drawn (no row at all, more rows than there
            are without replacement, groups or strata that are missing), if all
            weights are zero, or if a member could not be fitted to its draw.
        """
        _raise_for_params(fit_params, self, "fit")
        with restored_on_error(self):
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse=["csr", "csc"],
                dtype=None,
                ensure_all_finite=False,
                multi_output=True,
            )
            X = narrow_indices(X)
            if sample_weight is not None:
                sample_weight = self._checked_weights(sample_weight, X)
            y = self._validate_y(y)
            self._validate_estimator(self._get_estimator())
            fit_params = routed_to_estimator(self, fit_params)
            self._draws = self._make_draws(X, y, sample_weight, groups, strata)
            return self._fit_members(X, y, fit_params)

    def _checked_weights(self, sample_weight, X):
        sample_weight = _check_sample_weight(sample_weight, X, dtype=None)
        if not self.bootstrap:
            warn(
                f"When fitting {type(self).__name__} with sample_weight it is "
                f"recommended to use bootstrap=True, got {self.bootstrap}.",
            )
        if np.any(sample_weight < 0):
            raise ValueError("Negative values in sample_weight: it gives probabilities")
        if not np.any(sample_weight):
            raise ValueError(
                "sample_weight must contain at least one positive number; all weights "
                "are zero."
            )
        return sample_weight

    def _make_draws(self, X, y, sample_weight, groups, strata):
        n_samples, n_features = X.shape
        for name, given, kind in (
            ("groups", groups, "group"),
            ("strata", strata, "stratified"),
        ):
            if given is not None and self.bootstrap != kind:
                raise ValueError(
                    f"{name} is for bootstrap={kind!r}; got {self.bootstrap!r}."
                )
        blocks, drawn, what = None, n_samples, "rows"
        if self.bootstrap == "group":
            if groups is None:
                raise ValueError('bootstrap="group" needs groups in fit.')
            blocks = blocks_of(groups, n_samples, "groups")
            drawn, what = len(blocks), "groups"
        elif self.bootstrap == "stratified":
            if strata is None and not is_classifier(self):
                raise ValueError('bootstrap="stratified" needs strata in fit.')
            blocks = blocks_of(y if strata is None else strata, n_samples, "strata")
        elif self.bootstrap == "bayesian" and self.max_samples not in (None, 1.0):
            raise ValueError(
                'bootstrap="bayesian" gives every row a weight: max_samples must be '
                f"None, got {self.max_samples!r}."
            )
        weight = None if what == "groups" else sample_weight
        max_samples = number_of_rows(self.max_samples, drawn, weight, what)
        if not self.bootstrap and max_samples > n_samples:
            raise ValueError(
                f"Effective max_samples={max_samples} must be <= n_samples="
                f"{n_samples} to be able to sample without replacement."
            )
        if self.bootstrap == "stratified" and max_samples < len(blocks):
            raise ValueError(
                f"max_samples is {max_samples} rows, fewer than the {len(blocks)} "
                "strata, each of which gives one at least."
            )
        # the names by which scikit-learn's own code knows them
        self._n_samples, self._max_samples = n_samples, max_samples
        self._max_features = number_of_features(self.max_features, n_features)
        self._sample_weight = sample_weight
        return Draws(
            self.bootstrap,
            n_samples,
            max_samples,
            n_features,
            self._max_features,
            self.bootstrap_features,
            sample_weight,
            blocks,
        )

    def _fit_members(self, X, y, fit_params):
        if self.oob_score and (not self.bootstrap or self.bootstrap == "bayesian"):
            raise ValueError(
                "Out of bag estimation only available if bootstrap=True, or by groups "
                f"or strata; got bootstrap={self.bootstrap!r}."
            )
        if self.warm_start and self.oob_score:
            raise ValueError("Out of bag estimate only available if warm_start=False")
        for name in ("oob_score_", "oob_prediction_", "oob_decision_function_"):
            vars(self).pop(name, None)
        rng = check_random_state(self.random_state)
        members, features, seeds = [], [], np.empty(0, dtype=np.intp)
        if self.warm_start and hasattr(self, "estimators_"):
            members, features = list(self.estimators_), list(self.estimators_features_)
            seeds = self._seeds
        n_more = self.n_estimators - len(members)
        if n_more < 0:
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to "
                f"len(estimators_)={len(members)} when warm_start==True"
            )
        if n_more == 0:
            warn(
                "Warm-start fitting without increasing n_estimators does not fit new "
                "trees.",
            )
            return self
        if members:
            rng.randint(MAX_INT, size=len(members))  # what they drew before
        new_seeds = rng.randint(MAX_INT, size=n_more)
        found = self._fit_together(X, y, new_seeds, fit_params)
        if found is None:
            found = self._fit_apart(X, y, new_seeds, fit_params)
        self.estimators_ = members + found[0]
        self.estimators_features_ = features + found[1]
        self._seeds = np.concatenate([seeds, new_seeds])
        if self.oob_score:
            self._set_oob_score(X, y)
        return self

    # ------------------------------------------------------- members, one by one

    def _fit_apart(self, X, y, seeds, fit_params):
        """Fit a member at a time; return members and their columns."""
        weighted = consumes_sample_weight(self.estimator_)
        if self.bootstrap == "bayesian" and not weighted:
            raise ValueError(
                'bootstrap="bayesian" weights the rows, and '
                f"{type(self.estimator_).__name__} takes no sample_weight in fit"
                + (" or does not request it." if _routing_enabled() else ".")
            )
        n_jobs = min(effective_n_jobs(self.n_jobs), len(seeds))
        parts = np.array_split(seeds, n_jobs)
        options = {}
        if isinstance(self.estimator_, BaseDecisionTree):
            options["prefer"] = "threads"  # trees are grown without the GIL
        results = Parallel(n_jobs=n_jobs, verbose=self.verbose, **options)(
            delayed(_fit_part)(self, X, y, part, len(seeds), weighted, fit_params)
            for part in parts
        )
        return [m for r in results for m in r[0]], [f for r in results for f in r[1]]

    def _fit_one(self, X, y, seed, weighted, fit_params):
        member = self._make_estimator(append=False, random_state=seed)
        draws, params = self._draws, dict(fit_params)
        if weighted:
            features, params["sample_weight"] = draws.weights(seed)
            rows = np.flatnonzero(params["sample_weight"])
            X_drawn, y_drawn = X, y
        else:
            features, rows = draws.indices(seed)
            X_drawn, y_drawn = _safe_indexing(X, rows), _safe_indexing(y, rows)
            params = _check_method_params(X, params=params, indices=rows)
        if not draws.all_features:
            X_drawn = X_drawn[:, features]
        try:
            member.fit(X_drawn, y_drawn, **params)
        except ValueError as error:
            self._explain(error, y, rows)
            raise
        return member, features

    def _explain(self, error, y, rows):
        """Raise a better error where a member failed for want of a class."""
        if not is_classifier(self):
            return
        missing = np.setdiff1d(np.arange(self.n_classes_), y[rows])
        if len(missing):
            raise ValueError(
                f"A draw of rows has none of the classes "
                f"{self.classes_[missing].tolist()}, and "
                f"{type(self.estimator_).__name__} could not be fitted to it: {error} "
                'With bootstrap="stratified" every draw has all classes.'
            ) from error

    # ---------------------------------------------------- members, all in one call

    def _fit_together(self, X, y, seeds, fit_params):
        """Fit linear members in one call of their solver, or return None."""
        scaler, model = _split(self.estimator_)
        if (
            model is None
            or not self._draws.all_features
            or fit_params
            or (_routing_enabled() and not consumes_sample_weight(model))
        ):
            return None
        members = self._make_members(seeds)
        cores = members if scaler is None else [member[-1] for member in members]
        weights = (self._draws.weights(seed)[1] for seed in seeds)
        try:
            with self._threads(len(seeds)) as each:
                moments = model._fit_weightings(
                    cores, X, y, weights, each=each, standardize=scaler is not None
                )
        except ValueError as error:
            for seed in seeds:
                self._explain(error, y, self._draws.indices(seed)[1])
            raise
        if moments is NotImplemented:
            return None
        if scaler is not None:
            for member, (mean, variance, scale) in zip(members, moments, strict=True):
                _set_scaler(member[0], mean, variance, scale, len(X))
        every = np.arange(self._draws.n_features)
        return members, [every] * len(members)

    def _make_members(self, seeds):
        """Return what ``_make_estimator`` returns for each seed, in less time."""
        template = self._make_estimator(append=False)
        names = sorted(
            name
            for name in template.get_params(deep=True)
            if name == "random_state" or name.endswith("__random_state")
        )
        rng, members = np.random.RandomState(), []
        for seed in seeds:
            member = deepcopy(template)
            rng.seed(seed)
            drawn = {name: rng.randint(MAX_INT) for name in names}
            if "random_state" in drawn:  # without a look at the signatures
                member.random_state = drawn.pop("random_state")
            members.append(member.set_params(**drawn))
        return members

    @contextmanager
    def _threads(self, n_tasks):
        """Give an ``each(function, items)`` that runs on ``n_jobs`` threads."""
        n_jobs = min(effective_n_jobs(self.n_jobs), n_tasks)
        if n_jobs == 1:
            yield lambda function, items: [function(item) for item in items]
            return
        with blas_for(n_jobs), ThreadPoolExecutor(n_jobs) as pool:
            yield lambda function, items: list(pool.map(function, items))

    # ------------------------------------------------------------------ afterwards

    def _get_estimators_indices(self):
        """Yield the columns and rows of each member."""
        for seed in self._seeds:
            yield self._draws.indices(seed)

    def _out_of_bag(self):
        """Yield each member with its columns and the rows that it has not seen."""
        for member, features, seed in zip(
            self.estimators_, self.estimators_features_, self._seeds, strict=True
        ):
            unseen = np.ones(self._n_samples, dtype=bool)
            unseen[self._draws.indices(seed)[1]] = False
            yield member, features, unseen

    def _each_prediction(self, X, params):
        """Return the list of the members' predictions."""
        n_jobs = min(effective_n_jobs(self.n_jobs), len(self.estimators_))
        # a copy is what scikit-learn's members are shown: other members get the same
        # last digits only from the same memory order
        ours = _split(self.estimator_)[1] is not None
        whole = ours and self._draws.all_features
        return Parallel(n_jobs=n_jobs, verbose=self.verbose, **self._parallel_args())(
            delayed(_predict)(member, X if whole else X[:, features], params)
            for member, features in zip(
                self.estimators_, self.estimators_features_, strict=True
            )
        )

    def _parallel_args(self):
        # starting processes costs more than predictions do
        return {"prefer": "threads"}

    def _rows_to_predict(self, X):
        check_is_fitted(self)
        X = validate_data(
            self,
            X,
            accept_sparse=["csr", "csc"],
            dtype=None,
            ensure_all_finite=False,
            reset=False,
        )
        return narrow_indices(X)

    @property
    def selection_frequencies_(self):
        """Share of the linear members, of those that saw a feature, that use it."""
        coefs = self._linear("selection_frequencies_")
        seen = ~np.isnan(coefs)
        used = np.sum(seen & (coefs != 0.0), axis=0)
        count = seen.sum(axis=0)
        return np.where(count > 0, used / np.maximum(count, 1), np.nan)

    @property
    def coef_interval_(self):
        """The 2.5 % and 97.5 % quantiles of the linear members' coefficients."""
        coefs = self._linear("coef_interval_")
        outside = (1.0 - _COVERAGE) / 2.0
        interval = np.full((2, *coefs.shape[1:]), np.nan)
        seen = ~np.isnan(coefs).all(axis=0)
        interval[:, seen] = np.nanquantile(
            coefs[:, seen], [outside, 1.0 - outside], axis=0
        )
        return interval

    def _linear(self, name):
        members = getattr(self, "estimators_", None)
        if not members:
            raise AttributeError(f"{name} exists once the ensemble is fitted.")
        return coefficients(members, self.estimators_features_, self.n_features_in_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_member = get_tags(self._get_estimator())
        tags.input_tags.sparse = of_member.input_tags.sparse
        return tags


def _fit_part(ensemble, X, y, seeds, total, weighted, fit_params):
    """Fit the members of some seeds; runs within a job."""
    members, features = [], []
    for i, seed in enumerate(seeds):
        if ensemble.verbose > 1:
            print(
                f"Building estimator {i + 1} of {len(seeds)} for this parallel run "
                f"(total {total})..."
            )
        member, drawn = ensemble._fit_one(X, y, seed, weighted, fit_params)
        members.append(member)
        features.append(drawn)
    return members, features


def _predict(member, X, params):
    return member.predict(X, **params)


def _split(estimator):
    """Return ``(scaler or None, model or None)``: a model that fits many weightings."""
    scaler, model = None, estimator
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps]
        if len(steps) != 2 or type(steps[0]) is not StandardScaler:
            return None, None
        scaler, model = steps
        if not (scaler.with_mean and scaler.with_std) or estimator.memory is not None:
            return None, None
    if not hasattr(model, "_fit_weightings"):
        return None, None
    # A subclass with a fit of its own does something else.
    for ancestor in type(model).__mro__:
        if "_fit_weightings" in vars(ancestor):
            return scaler, model
        if "fit" in vars(ancestor):
            break
    return None, None


def _set_scaler(scaler, mean, variance, scale, n_samples):
    """Give a StandardScaler what it would have learnt from the drawn rows."""
    scaler.mean_, scaler.var_, scaler.scale_ = mean, variance, scale
    scaler.n_features_in_ = len(mean)
    scaler.n_samples_seen_ = n_samples
