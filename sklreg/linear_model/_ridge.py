"""Ridge regression."""

from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from sklreg._validation import (
    Interval,
    StrOptions,
    _fit_context,
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
from sklreg.linear_model._weightings import fit_ridges
from sklreg.solvers.ridge import solve_ridge
from sklreg.solvers.weighted_ridge import WeightedRidge

_SOLVERS = {"auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"}


def store_solution(estimator, fit, y):
    """Set ``coef_`` and ``intercept_`` in the shapes that y asks for."""
    estimator.coef_ = fit.coef[0] if len(fit.coef) == 1 else fit.coef
    if not estimator.fit_intercept:
        estimator.intercept_ = 0.0
    else:
        estimator.intercept_ = fit.intercept[0] if y.ndim == 1 else fit.intercept


class Ridge(LinearRegressor):
    """Linear least squares with an l2 penalty.

    For every target, minimises::

        sum_i s_i * (y_i - x_i @ w - b)**2 + alpha * ||w||_2**2

    over the coefficients `w` and, if `fit_intercept`, the intercept `b`, where `s`
    are the sample weights (ones by default). With ``positive=True`` the coefficients
    are restricted to ``w >= 0``. Every fit ends with a certificate, `dual_gap_`.

    Parameters
    ----------
    alpha : float or array-like of shape (n_targets,), default=1.0
        Strength of the penalty, in ``[0, inf)``. An array gives every target its
        own. With ``alpha=0`` the fit is ordinary least squares, the solution of
        least norm where there are several.
    fit_intercept : bool, default=True
        Whether to fit an intercept. It is not penalised.
    copy_X : bool, default=True
        Present for compatibility. X is never written to and never copied to be
        centred, whatever the value.
    max_iter : int, default=None
        Bound on the iterations of an iterative solver; None leaves it to SciPy.
    tol : float, default=1e-4
        Precision of the iterative solvers: the tolerance of SciPy's stopping rule
        and, beyond it, of the duality gap relative to the null loss. No effect on
        "cholesky" and "svd".
    solver : {'auto', 'svd', 'cholesky', 'lsqr', 'sparse_cg', 'sag', 'saga', \
            'lbfgs'}, default='auto'
        - 'auto': 'lbfgs' if `positive`; 'sparse_cg' for a sparse X with more than
          1000 rows and columns; otherwise 'cholesky'.
        - 'cholesky': closed form on the smaller side of X, corrected with the true
          residual where digits are missing. A matrix singular to working precision
          is solved by 'svd' instead, and `solver_` says so.
        - 'svd': closed form from the singular values of X, of which those of
          rounding size count as zero. Dense X only.
        - 'lsqr': :func:`scipy.sparse.linalg.lsqr`.
        - 'sparse_cg': :func:`scipy.sparse.linalg.cg` on the normal equations of the
          smaller side.
        - 'sag', 'saga': accepted so that code written for scikit-learn runs. The
          objective is the same and is minimised by LSQR; no stochastic steps are
          taken.
        - 'lbfgs': L-BFGS-B of :func:`scipy.optimize.minimize`, for
          ``positive=True`` only.

        By name, a sparse X with an intercept takes 'sparse_cg', 'lsqr', 'sag' and
        'lbfgs', as in scikit-learn.
    positive : bool, default=False
        Whether to restrict the coefficients to be non-negative.
    random_state : int, RandomState instance, default=None
        Present for compatibility; no solver draws random numbers.
    penalty_factor : array-like of shape (n_features,) or mapping, default=None
        Multiplies the penalty of each feature: 0 leaves it unpenalised, infinity
        excludes it. A mapping goes from feature names to factors and leaves the
        others at 1. Factors are not rescaled.
    exclude : array-like, default=None
        Features to leave out of the model: indices, names or a mask.
    coef_bounds : tuple (lower, upper), default=None
        Bounds of the coefficients: each side is a number, an array of shape
        (n_features,), a mapping from feature names, or None;
        ``lower <= 0 <= upper``. The solver is then coordinate descent.
    standardize : bool, default=False
        Whether to penalise as if every feature were divided by its (weighted)
        standard deviation: ``w_j**2`` counts ``std_j**2`` times. Coefficients stay on
        the original scale; X is not changed.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 if ``fit_intercept=False``.
    n_iter_ : None or ndarray of shape (n_targets,)
        Iterations; for a closed form chosen by 'auto', the systems solved for each
        target (one, and one for every correction). None where 'cholesky', 'svd',
        'sparse_cg' or 'lbfgs' is asked for by name, as in scikit-learn.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap at the returned coefficients, in units of the objective: no
        coefficients have an objective lower by more than this. With weighted
        residual mean ``m`` and ``v = (X - mean).T @ (s * residual)`` it is
        ``sum(s) * m**2 + ||alpha * w - v||**2 / alpha``; with ``positive=True`` the
        terms with ``v <= 0`` become ``alpha * w**2 - 2 * v * w``; with ``alpha=0``
        it holds among coefficients at most twice as long as `coef_`.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X has names that are all strings.
    solver_ : str
        The solver that gave the answer.

    See Also
    --------
    RidgeCV : Ridge regression that chooses alpha by cross-validation.

    Notes
    -----
    `penalty_factor`, `exclude`, `coef_bounds` and `standardize` need
    ``solver='auto'``. Unpenalised features are projected out of the others, as the
    intercept is, and one eigendecomposition of the smaller side serves all targets.

    References
    ----------
    A. E. Hoerl and R. W. Kennard (1970), "Ridge regression: biased estimation for
    nonorthogonal problems", Technometrics 12.

    Examples
    --------
    >>> import numpy as np
    >>> from sklreg.linear_model import Ridge
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
    >>> y = np.array([1.0, 2.0, 6.0, 7.0])
    >>> model = Ridge(alpha=1.0).fit(X, y)
    >>> model.coef_
    array([1.70588235, 0.76470588])
    >>> bool(model.dual_gap_ < 1e-12)
    True
    """

    _parameter_constraints: dict = {
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions(_SOLVERS)],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        **PENALTY_CONSTRAINTS,
    }

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        copy_X=True,
        max_iter=None,
        tol=1e-4,
        solver="auto",
        positive=False,
        random_state=None,
        penalty_factor=None,
        exclude=None,
        coef_bounds=None,
        standardize=False,
    ):
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state
        self.penalty_factor = penalty_factor
        self.exclude = exclude
        self.coef_bounds = coef_bounds
        self.standardize = standardize

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, offset=None):
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target values.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Non-negative weights of the samples. A weight of two is a sample
            repeated, a weight of zero a sample left out.
        offset : array-like of shape (n_samples,) or (n_samples, n_targets), \
                default=None
            Part of y that is known: the model is fitted to ``y - offset``.

        Returns
        -------
        Ridge
            The fitted estimator.

        Raises
        ------
        ValueError
            If the solver does not fit the problem asked for (`positive`, sparse X
            with an intercept), `alpha` has a negative entry or another length than
            y has targets, the weights are negative or all zero, or an option for
            single features does not fit X.
        TypeError
            If ``solver="svd"`` is given a sparse X.
        """
        with restored_on_error(self):
            return self._fit(X, y, sample_weight, offset)

    def _fit(self, X, y, sample_weight, offset):
        X, y = validate_rows(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
        )
        self._check_solver(sparse.issparse(X))
        weights = check_weights(sample_weight, X)
        targets = y if offset is None else y - check_offset(offset, y.shape)
        fit = self.solution(X, targets.reshape(len(y), -1), weights)
        if not fit.converged:
            self._warn(fit)
        store_solution(self, fit, y)
        uncounted = ("cholesky", "svd", "sparse_cg", "lbfgs")
        self.n_iter_ = None if self.solver in uncounted else fit.n_iter
        self.dual_gap_ = float(fit.gap[0]) if y.ndim == 1 else fit.gap
        self.solver_ = fit.solver
        self._has_offset = offset is not None
        return self

    def _fit_weightings(self, members, X, y, weights, *, each, standardize=False):
        """Fit clones of this model to many weightings of the same rows."""
        return fit_ridges(
            self, members, X, y, weights, each=each, standardize=standardize
        )

    def solution(self, X, Y, weights):
        terms = resolve_penalty_options(
            X.shape[1], getattr(self, "feature_names_in_", None), **options_of(self)
        )
        if terms is not None:
            return self._weighted_solution(X, Y, weights, terms)
        return solve_ridge(
            X,
            Y,
            self._alphas(Y.shape[1]),
            weights=weights,
            fit_intercept=self.fit_intercept,
            solver=self.solver,
            positive=self.positive,
            tol=self.tol,
            max_iter=self.max_iter,
        )

    def _weighted_solution(self, X, Y, weights, terms):
        if self.solver != "auto":
            raise ValueError(
                "penalty_factor, exclude, coef_bounds and standardize need "
                f"solver='auto'; got solver={self.solver!r}."
            )
        model = WeightedRidge(
            X.tocsc() if sparse.issparse(X) else X,
            Y,
            terms,
            weights=weights,
            fit_intercept=self.fit_intercept,
        )
        fit = model.fit(self._alphas(Y.shape[1]), tol=self.tol, max_iter=self.max_iter)
        fit.coef = fit.coef.astype(X.dtype, copy=False)
        fit.intercept = fit.intercept.astype(X.dtype, copy=False)
        return fit

    def _check_solver(self, is_sparse):
        solver = self.solver
        if solver == "lbfgs" and not self.positive:
            raise ValueError(
                "'lbfgs' solver can be used only when positive=True. "
                "Please use another solver."
            )
        if self.positive and solver not in ("auto", "lbfgs"):
            raise ValueError(
                f"solver='{solver}' does not support positive fitting. Please set "
                "the solver to 'auto' or 'lbfgs', or set `positive=False`"
            )
        if not is_sparse:
            return
        if self.fit_intercept and solver in ("svd", "cholesky", "saga"):
            raise ValueError(
                f"solver='{solver}' does not support fitting the intercept on sparse "
                "data. Please set the solver to 'auto' or 'lsqr', 'sparse_cg', "
                "'sag', 'lbfgs' or set `fit_intercept=False`"
            )
        if solver == "svd":
            raise TypeError("SVD solver does not support sparse inputs currently")
        if (
            solver == "sag"
            and self.fit_intercept
            and self.max_iter is None
            and self.tol > 1e-4
        ):
            warn(
                '"sag" solver requires many iterations to fit an intercept with '
                'sparse inputs. Either set the solver to "auto" or "sparse_cg", or '
                'set a low "tol" and a high "max_iter" (especially if inputs are not '
                "standardized).",
            )

    def _alphas(self, n_targets):
        alphas = np.asarray(self.alpha, dtype=np.float64).ravel()
        if len(alphas) not in (1, n_targets):
            raise ValueError(
                "Number of targets and number of penalties do not correspond: "
                f"{len(alphas)} != {n_targets}"
            )
        if not np.all((alphas >= 0) & np.isfinite(alphas)):
            raise ValueError(
                f"alpha must hold finite, non-negative numbers; got {self.alpha!r}."
            )
        return np.broadcast_to(alphas, (n_targets,))

    def _warn(self, fit):
        worst = np.argmax(fit.gap)
        warn(
            f"The {fit.solver} solver did not converge. Try increasing max_iter or "
            f"tol. Currently: max_iter={self.max_iter} and tol={self.tol}. "
            f"Duality gap: {fit.gap[worst]:.3e}, "
            f"objective at zero coefficients: {fit.null_loss[worst]:.3e}.",
            ConvergenceWarning,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.solver != "svd" and not (
            self.fit_intercept and self.solver in ("cholesky", "saga")
        )
        return tags
