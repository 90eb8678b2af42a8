"""Stability selection: how often features are chosen when rows are drawn again."""

from numbers import Integral, Real

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklreg._base import DocLinkMixin
from sklreg._validation import (
    Interval,
    StrOptions,
    _fit_context,
    feature_labels,
    restored_on_error,
    validate_data,
)
from sklreg.linear_model._alpha_grid import alpha_grid
from sklreg.linear_model._base import warn_if_short
from sklreg.linear_model._fitted_path import pandas_for
from sklreg.linear_model._penalty_options import (
    PENALTY_CONSTRAINTS,
    options_of,
    resolve_penalty_options,
)
from sklreg.solvers.design import make_design
from sklreg.solvers.path import solve_path
from sklreg.solvers.penalised import completed, penalised_problem
from sklreg.solvers.penalty_terms import column_scales


class StabilitySelection(DocLinkMixin, SelectorMixin, BaseEstimator):
    """Select the features that the lasso keeps choosing when rows are drawn again.

    The lasso, or elastic net, is fitted along a path of penalties to many resamples
    of the rows. For every feature and penalty the share of resamples that give it a
    nonzero coefficient is its selection frequency [1]_; features whose frequency
    reaches `threshold` for some penalty are selected. A resample is a set of sample
    weights: no row is copied.

    Parameters
    ----------
    l1_ratio : float, default=1.0
        Share of the L1 penalty, in (0, 1].
    alphas : int or array-like, default=30
        Size of an automatic grid, which starts at the smallest alpha with all
        coefficients zero on all the rows, or the values themselves.
    eps : float, default=0.1
        Smallest alpha of an automatic grid, relative to the largest. The bound on
        false selections is only good where few features are chosen.
    n_resamples : int, default=100
        Number of resamples.
    resampling : {'subsample', 'complementary', 'bootstrap'}, default='complementary'
        'subsample' draws half of the rows [1]_; 'complementary' takes the other half
        as the next resample [2]_; 'bootstrap' draws as many rows as there are, with
        replacement.
    weakness : float, default=1.0
        Below 1 the penalty of each feature is divided by a number drawn from
        ``[weakness, 1]`` for every resample (the randomised lasso [1]_).
    threshold : float, default=0.6
        Selection frequency that a feature must reach, in (0, 1].
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    positive : bool, default=False
        Whether to keep the coefficients from falling below zero.
    penalty_factor : array-like of shape (n_features,) or mapping, default=None
        Multiplies the penalty of each feature; 0 leaves it unpenalised, and so always
        selected. See :class:`Lasso`.
    exclude : array-like, default=None
        Features to leave out: indices, names or a mask.
    coef_bounds : tuple (lower, upper), default=None
        Bounds of the coefficients; see :class:`Lasso`.
    standardize : bool, default=True
        Whether to penalise as if every feature had unit standard deviation in each
        resample.
    tol : float, default=1e-6
        Each fit stops when its duality gap is at most ``tol * ||y||**2 / n_samples``.
    max_iter : int, default=1000
        Bound on the sweeps of coordinate descent, for each fit.
    random_state : int, RandomState instance or None, default=None
        Draws the rows, and the penalties if `weakness` is below 1.
    n_jobs : int, default=None
        Number of threads for the resamples; None is 1, -1 is all processors.

    Attributes
    ----------
    alphas_ : ndarray of shape (n_alphas,)
        The grid, in decreasing order.
    frequencies_ : ndarray of shape (n_features, n_alphas)
        Selection frequency of each feature for each penalty.
    max_frequencies_ : ndarray of shape (n_features,)
        Largest frequency over the penalties.
    n_selected_ : float
        Number of features that a resample selects anywhere on the grid, on average.
    false_selections_bound_ : float
        ``n_selected_**2 / ((2 * threshold - 1) * n_features)``: under the assumptions
        of [1]_ at most this many selected features are expected to be noise; infinite
        for a threshold of 1/2 or less.
    n_iter_ : int
        The largest number of sweeps, or events of the exact solver, of a path.
    frequency_table_ : DataFrame
        The frequencies under the features' names, a column for each penalty. Needs
        pandas.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    LassoCV : Chooses the penalty by its errors on folds instead.

    References
    ----------
    .. [1] N. Meinshausen, P. Bühlmann (2010). Stability Selection. J. R. Stat. Soc.
       B 72(4).
    .. [2] R. Shah, R. Samworth (2013). Variable Selection with Error Control: Another
       Look at Stability Selection. J. R. Stat. Soc. B 75(1).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.linear_model import StabilitySelection
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> selection = StabilitySelection(random_state=0).fit(X, y)
    >>> [str(name) for name in selection.get_feature_names_out()]
    ['sex', 'bmi', 'bp', 's3', 's5']
    """

    _parameter_constraints: dict = {
        "l1_ratio": [Interval(Real, 0, 1, closed="right")],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "eps": [Interval(Real, 0, 1, closed="neither")],
        "n_resamples": [Interval(Integral, 1, None, closed="left")],
        "resampling": [StrOptions({"subsample", "complementary", "bootstrap"})],
        "weakness": [Interval(Real, 0, 1, closed="right")],
        "threshold": [Interval(Real, 0, 1, closed="right")],
        "fit_intercept": ["boolean"],
        "positive": ["boolean"],
        **PENALTY_CONSTRAINTS,
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        l1_ratio=1.0,
        alphas=30,
        eps=0.1,
        n_resamples=100,
        resampling="complementary",
        weakness=1.0,
        threshold=0.6,
        fit_intercept=True,
        positive=False,
        penalty_factor=None,
        exclude=None,
        coef_bounds=None,
        standardize=True,
        tol=1e-6,
        max_iter=1000,
        random_state=None,
        n_jobs=None,
    ):
        self.l1_ratio = l1_ratio
        self.alphas = alphas
        self.eps = eps
        self.n_resamples = n_resamples
        self.resampling = resampling
        self.weakness = weakness
        self.threshold = threshold
        self.fit_intercept = fit_intercept
        self.positive = positive
        self.penalty_factor = penalty_factor
        self.exclude = exclude
        self.coef_bounds = coef_bounds
        self.standardize = standardize
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Find the selection frequencies.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data; only read.
        y : array-like of shape (n_samples,)
            Target.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the input is not finite or its shape is wrong, there are too few rows
            to draw from, or an option for single features does not fit X.
        """
        with restored_on_error(self):
            return self._fit(X, y)

    def _fit(self, X, y):
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csc",
            dtype=[np.float64, np.float32],
            y_numeric=True,
        )
        y = y.astype(np.float64)
        n_samples, n_features = X.shape
        if n_samples < 4:
            raise ValueError(
                f"Resampling needs at least 4 rows; got n_samples={n_samples}."
            )
        terms = resolve_penalty_options(
            n_features, getattr(self, "feature_names_in_", None), **options_of(self)
        )
        if terms is None:
            terms = resolve_penalty_options(
                n_features,
                penalty_factor=np.ones(n_features),
                positive=self.positive,
            )
        grid = self._grid(X, y, terms)
        rng = check_random_state(self.random_state)
        draws = list(self._draws(n_samples, n_features, rng))
        results = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(self._selected)(X, y, counts, terms.refactored(factors), grid)
            for counts, factors in draws
        )
        selected = np.zeros((n_features, len(grid)))
        anywhere = 0
        for chosen, _, _ in results:
            selected += chosen
            anywhere += int(chosen.any(axis=1).sum())
        warn_if_short(max(worst for _, worst, _ in results), self.tol)
        self.alphas_ = grid
        self.frequencies_ = selected / self.n_resamples
        self.max_frequencies_ = self.frequencies_.max(axis=1)
        self.n_selected_ = anywhere / self.n_resamples
        self.n_iter_ = max(n_iter for _, _, n_iter in results)
        margin = 2 * self.threshold - 1
        bound = np.inf
        if margin > 0:
            bound = self.n_selected_**2 / (margin * n_features)
        self.false_selections_bound_ = bound
        return self

    def _grid(self, X, y, terms):
        if not isinstance(self.alphas, Integral):
            grid = np.unique(np.asarray(self.alphas, dtype=np.float64))[::-1]
            if not len(grid) or not np.isfinite(grid).all() or grid[-1] < 0:
                raise ValueError("alphas must be finite, non-negative and not empty.")
            return grid
        problem = self._problem(X, y, None, terms)
        return alpha_grid(problem.alpha_max(self.l1_ratio), self.eps, self.alphas)

    def _problem(self, X, y, weights, terms):
        design = make_design(X, weights, self.fit_intercept)
        target, _ = design.targets(y)
        if terms.standardize:
            terms = terms.scaled(column_scales(X, weights))
        return penalised_problem(design, target, terms)

    def _draws(self, n_samples, n_features, rng):
        """Yield how often each row is drawn, and factors of the penalties."""
        half = n_samples // 2
        order = None
        for k in range(self.n_resamples):
            if self.resampling == "bootstrap":
                rows = rng.randint(n_samples, size=n_samples)
            elif self.resampling == "complementary" and k % 2:
                rows = order[half : 2 * half]
            else:
                order = rng.permutation(n_samples)
                rows = order[:half]
            factors = np.ones(n_features)
            if self.weakness < 1.0:
                factors = 1.0 / rng.uniform(self.weakness, 1.0, n_features)
            yield np.bincount(rows, minlength=n_samples).astype(np.float64), factors

    def _selected(self, X, y, counts, terms, grid):
        """Return which coefficients are nonzero, the worst relative gap, iterations."""
        problem = self._problem(X, y, counts, terms)
        solutions = solve_path(
            problem, grid, self.l1_ratio, tol=self.tol, max_iter=self.max_iter
        )
        coefs = np.stack([completed(problem, s.w) for s in solutions], axis=1)
        scale = problem.null_square if problem.null_square > 0.0 else 1.0
        n_iter = max(1, sum(s.n_iter for s in solutions))
        return coefs != 0.0, max(s.gap for s in solutions) / scale, n_iter

    @property
    def frequency_table_(self):
        """The frequencies as a data frame, a row for each feature."""
        check_is_fitted(self)
        pandas = pandas_for("frequency_table_")
        columns = pandas.Index(self.alphas_, name="alpha")
        return pandas.DataFrame(
            self.frequencies_, index=feature_labels(self), columns=columns
        )

    def _get_support_mask(self):
        check_is_fitted(self)
        return self.max_frequencies_ >= self.threshold

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags
