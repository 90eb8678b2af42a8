"""Coefficients along the path of penalties."""

from inspect import signature
from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklreg import linear_model
from sklreg.inspection._plotting import (
    FAINT,
    INK,
    PALETTE,
    add_legend,
    check_feature_names,
    get_axes,
    get_feature_names,
    split_pipeline,
)

#: The estimator with a fixed penalty behind each one that tunes it.
FIXED_PENALTY = {
    "ElasticNetCV": "ElasticNet",
    "LassoCV": "Lasso",
    "RidgeCV": "Ridge",
}


class RegularizationPathDisplay:
    """Coefficients of a linear model as its penalty gives way.

    Each line is a coefficient; penalties fall from left to right, so that
    features enter in their order of importance. The features with the largest
    coefficients, at the marked penalty if there is one, are coloured and named at
    the end of their lines.

    It is recommended to use :meth:`from_estimator` to create a display. All
    parameters are stored as attributes.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        Penalties, in any order.

    coefs : array-like of shape (n_features, n_alphas)
        Coefficients at each penalty, as :func:`~sklreg.linear_model.lasso_path`
        returns them.

    alpha : float, default=None
        Penalty to mark, for instance the chosen one.

    feature_names : array-like of shape (n_features,), default=None
        Names of the features; ``x0``, ``x1``, ... if None.

    name : str, default=None
        Name of the model, used as title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the paths.

    figure_ : matplotlib Figure
        Figure containing the axes.

    lines_ : list of matplotlib Line2D
        One line for each feature, in the order of the features.

    alpha_line_ : matplotlib Line2D or None
        Mark of ``alpha``.

    See Also
    --------
    CVCurveDisplay : Cross-validated error over the same penalties.
    CoefficientDisplay : Coefficients at one penalty.

    References
    ----------
    T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical
    Learning", 2nd edition, Springer, 2009, figures 3.8 and 3.10.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.inspection import RegularizationPathDisplay
    >>> from sklreg.linear_model import Lasso
    >>> X, y = load_diabetes(return_X_y=True)
    >>> display = RegularizationPathDisplay.from_estimator(Lasso(alpha=0.1), X, y)
    >>> display.coefs.shape
    (10, 100)
    >>> len(display.lines_)
    10
    """

    def __init__(self, alphas, coefs, *, alpha=None, feature_names=None, name=None):
        self.alphas = alphas
        self.coefs = coefs
        self.alpha = alpha
        self.feature_names = feature_names
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        sample_weight=None,
        alphas=100,
        eps=1e-3,
        feature_names=None,
        x="alpha",
        n_labels=8,
        name=None,
        ax=None,
        **line_kw,
    ):
        """Fit a linear model along a path of penalties and plot its coefficients.

        Parameters
        ----------
        estimator : estimator instance
            Linear model with a parameter ``alpha``, fitted or not: it is cloned
            and fitted at each penalty, all its other parameters kept. A fitted
            ``LassoCV``, ``ElasticNetCV`` or ``RidgeCV`` has its chosen penalty
            marked. A fitted pipeline that ends in one of these works too; ``X``
            goes through its other steps first.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.

        y : array-like of shape (n_samples,)
            Target values.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        alphas : int or array-like, default=100
            Penalties, or how many. If an int, those a tuned estimator has tried
            are used if there are any, else a grid on a log scale.

        eps : float, default=1e-3
            Smallest penalty of such a grid, as a fraction of its largest.

        feature_names : array-like of shape (n_features,), default=None
            Names of the features that reach the linear model; taken from the
            estimator or the columns of ``X`` if None.

        x : {"alpha", "l1_norm"}, default="alpha"
            What is shown along the horizontal axis.

        n_labels : int, default=8
            Number of features that get a colour and a name.

        name : str, default=None
            Title; name of the estimator's class if None.

        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        **line_kw : dict
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : RegularizationPathDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has no parameter ``alpha``, if ``y`` holds several
            targets, or if a parameter has a value that is not allowed.
        """
        _check_choice(x)
        transformer, model = split_pipeline(estimator)
        if transformer is not None:
            check_is_fitted(transformer)
            names = get_feature_names(transformer, model)
            X = transformer.transform(X)
        else:
            names = getattr(X, "columns", None)
        if feature_names is not None:
            names = feature_names
        X = check_array(X, accept_sparse="csc", dtype=[np.float64, np.float32])
        y = check_array(y, ensure_2d=False, dtype=X.dtype)
        if y.ndim != 1:
            raise ValueError(f"y should hold one target; got shape {y.shape}.")
        check_consistent_length(X, y, sample_weight)
        names = None if names is None else check_feature_names(names, X.shape[1])

        fixed = _with_fixed_penalty(model)
        grid = _alpha_grid(model, fixed, X, y, alphas, eps)
        display = cls(
            grid,
            _fit_path(fixed, X, y, sample_weight, grid),
            alpha=_chosen_alpha(model),
            feature_names=names,
            name=type(model).__name__ if name is None else name,
        )
        return display.plot(ax=ax, x=x, n_labels=n_labels, **line_kw)

    def plot(self, ax=None, *, x="alpha", n_labels=8, **line_kw):
        """Draw the paths.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        x : {"alpha", "l1_norm"}, default="alpha"
            What is shown along the horizontal axis: the penalty, on a log scale
            and falling to the right, or the sum of the absolute coefficients.

        n_labels : int, default=8
            Number of features that get a colour and a name.

        **line_kw : dict
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : RegularizationPathDisplay
            The display itself.
        """
        _check_choice(x)
        alphas = np.asarray(self.alphas, dtype=float)
        coefs = np.asarray(self.coefs, dtype=float)
        if alphas.ndim != 1 or coefs.ndim != 2 or coefs.shape[1] != alphas.size:
            raise ValueError(
                "coefs should have shape (n_features, n_alphas) with one column for "
                f"each of alphas; got alphas of shape {alphas.shape} and coefs of "
                f"shape {coefs.shape}."
            )
        names = check_feature_names(self.feature_names, len(coefs))
        ax = get_axes(ax, f"{type(self).__name__}.plot")

        order = np.argsort(-alphas)
        alphas, coefs = alphas[order], coefs[:, order]
        l1_norms = np.abs(coefs).sum(axis=0)
        across = alphas if x == "alpha" else l1_norms

        labelled = _most_important(alphas, coefs, self.alpha, n_labels)
        colours = {
            feature: PALETTE[k % len(PALETTE)] for k, feature in enumerate(labelled)
        }
        self.lines_ = []
        for feature, path in enumerate(coefs):
            style = (
                {"color": colours[feature], "linewidth": 1.6, "zorder": 2.5}
                if feature in colours
                else {"color": FAINT, "linewidth": 0.8}
            )
            self.lines_ += ax.plot(across, path, **{**style, **line_kw})

        ax.axhline(0.0, color=INK, linewidth=0.6)
        if x == "alpha":
            if alphas[-1] > 0:
                ax.set_xscale("log")
            ax.invert_xaxis()
            ax.set_xlabel("alpha (weaker penalty →)")
        else:
            ax.set_xlabel("sum of absolute coefficients")
        self._mark_alpha(ax, x, alphas, l1_norms)
        _name_lines(ax, across[-1], coefs[:, -1], names, colours)
        ax.margins(x=0)
        ax.grid(color=FAINT, linewidth=0.5, alpha=0.5)
        ax.set_axisbelow(True)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        ax.set_ylabel("coefficient")
        if self.name is not None:
            ax.set_title(self.name)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _mark_alpha(self, ax, x, alphas, l1_norms):
        self.alpha_line_ = None
        if self.alpha is None:
            return
        where = self.alpha
        if x == "l1_norm":
            where = np.interp(self.alpha, alphas[::-1], l1_norms[::-1])
        self.alpha_line_ = ax.axvline(
            where,
            color=INK,
            linestyle="--",
            linewidth=1.3,
            label=f"chosen alpha: {self.alpha:.3g}",
        )
        add_legend(ax, [self.alpha_line_])


def _check_choice(x):
    if x not in ("alpha", "l1_norm"):
        raise ValueError(f"x should be 'alpha' or 'l1_norm'; got {x!r}.")


def _with_fixed_penalty(model):
    """Return an unfitted copy of ``model`` that has a parameter ``alpha``."""
    name = type(model).__name__
    parameters = model.get_params(deep=False)
    if "alpha" in parameters:
        return clone(model)
    if name not in FIXED_PENALTY:
        raise ValueError(f"{name} has no parameter alpha: it has no path to show.")
    home = getattr(linear_model, FIXED_PENALTY[name])
    # "auto" is a value of precompute only where one Gram matrix serves many fits.
    shared = {
        key: value
        for key, value in parameters.items()
        if key in signature(home).parameters and key != "precompute"
    }
    if "l1_ratio" in shared:
        shared["l1_ratio"] = getattr(model, "l1_ratio_", shared["l1_ratio"])
    if "gamma" in shared:
        shared["gamma"] = getattr(model, "gamma_", 0.0)
    return home(**shared)


def _chosen_alpha(model):
    alpha = getattr(model, "alpha_", getattr(model, "alpha", None))
    return float(alpha) if isinstance(alpha, Real) else None


def _alpha_grid(model, fixed, X, y, alphas, eps):
    """Penalties in falling order."""
    if not isinstance(alphas, Integral):
        grid = np.asarray(alphas, dtype=float)
        if grid.ndim != 1 or grid.size < 2 or not np.all(grid >= 0):
            raise ValueError(
                "alphas should be an int or hold at least two numbers >= 0; "
                f"got {alphas!r}."
            )
        return np.sort(grid)[::-1]
    if alphas < 2:
        raise ValueError(f"alphas should be at least 2; got {alphas!r}.")
    if not 0 < eps < 1:
        raise ValueError(f"eps should be between 0 and 1; got {eps!r}.")
    tried = getattr(model, "alphas_", None)
    if tried is None and not isinstance(getattr(model, "alphas", 0), Integral):
        tried = model.alphas
    if tried is not None and np.ndim(tried) == 1 and np.size(tried) > 1:
        return np.sort(np.asarray(tried, dtype=float))[::-1]
    return np.geomspace(1.0, eps, alphas) * _largest_alpha(fixed, X, y)


def _largest_alpha(fixed, X, y):
    """Return the penalty from which on a path has something to show."""
    n_samples, n_features = X.shape
    y_centred = y - y.mean() if fixed.get_params().get("fit_intercept", True) else y
    l1_ratio = 1.0 if "Lasso" in type(fixed).__name__ else 0.0
    l1_ratio = fixed.get_params().get("l1_ratio", l1_ratio)
    if l1_ratio:
        # Above this the null model is optimal: the l1 penalty outweighs every gradient.
        gradient = np.abs(X.T @ y_centred).max() / n_samples
        return float(gradient / l1_ratio) or 1.0
    # Ridge shrinks along each eigenvector of X'X by eigenvalue / (eigenvalue + alpha).
    square = X.multiply(X) if hasattr(X, "multiply") else X * X
    variance = np.asarray(square.mean(axis=0)) - np.asarray(X.mean(axis=0)) ** 2
    return float(30.0 * n_samples * variance.sum() / n_features) or 1.0


def _fit_path(fixed, X, y, sample_weight, alphas):
    """Fit at each penalty, each fit started from its neighbour where it can be."""
    if "warm_start" in fixed.get_params():
        fixed.set_params(warm_start=True)
    coefs = np.empty((X.shape[1], len(alphas)))
    fit_params = {} if sample_weight is None else {"sample_weight": sample_weight}
    for k, alpha in enumerate(alphas):
        fitted = fixed.set_params(alpha=alpha).fit(X, y, **fit_params)
        coefs[:, k] = np.ravel(fitted.coef_)
    return coefs


def _most_important(alphas, coefs, alpha, n_labels):
    """Features with the largest coefficients: at ``alpha``, else along the path."""
    height = np.abs(coefs).max(axis=1)
    rank = height
    if alpha is not None:
        rank = np.abs(coefs[:, np.argmin(np.abs(alphas - alpha))])
    order = np.lexsort((-height, -rank))
    return [feature for feature in order[:n_labels] if height[feature] > 0]


def _name_lines(ax, at, ends, names, colours):
    """Write names beside the ends of the lines, moved apart where they collide."""
    if not colours:
        return
    features = sorted(colours, key=lambda feature: ends[feature])
    low, high = ax.get_ylim()
    gap = 0.052 * (high - low)
    heights = np.array([ends[feature] for feature in features], dtype=float)
    for k in range(1, len(heights)):
        heights[k] = max(heights[k], heights[k - 1] + gap)
    heights -= max(0.0, heights[-1] - high)
    for k in range(len(heights) - 2, -1, -1):
        heights[k] = min(heights[k], heights[k + 1] - gap)
    for feature, height in zip(features, heights, strict=True):
        text = str(names[feature])
        ax.annotate(
            text if len(text) <= 32 else text[:31] + "…",
            xy=(at, height),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
            color=colours[feature],
            annotation_clip=False,
        )
