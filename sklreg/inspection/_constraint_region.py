"""A penalty seen as a constraint: loss contours and the region they touch."""

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklreg._validation import _check_sample_weight, check_array
from sklreg.inspection._plotting import (
    FAINT,
    INK,
    PALETTE,
    add_legend,
    check_feature_names,
    get_axes,
    get_feature_names,
    single_target_coef,
    split_pipeline,
)

#: How far the gradient may be from the penalty's slope, as a share of it.
_TOUCHING = 0.02


class ConstraintRegionDisplay:
    r"""Contours of squared error around the region that a penalty allows.

    A penalised fit is also a constrained one: the w that minimises
    :math:`f(w) + \alpha\,\Omega(w)` minimises :math:`f` over
    :math:`\{w : \Omega(w) \le t\}` with :math:`t = \Omega(\hat w)`. Drawn for two
    coefficients :math:`u`, the others held at their fitted values:

    .. math:: f(u) = \frac{1}{2n} \|y - \bar y - (X - \bar X) w(u)\|_2^2, \qquad
        \Omega(u) = \rho \|u\|_1 + \tfrac12 (1 - \rho) \|u\|_2^2,

    with :math:`\rho` the `l1_ratio`: a diamond for the lasso, a disc for ridge, a
    diamond with round sides between. The contour through the fitted point touches the
    region there; at a corner of the region a coefficient is zero.

    It is recommended to use :meth:`from_estimator` to create a display. All
    parameters are stored as attributes.

    Parameters
    ----------
    hessian : array-like of shape (2, 2)
        Second derivatives of the loss, positive semi-definite.

    centre : array-like of shape (2,)
        Where the loss is least.

    fitted : array-like of shape (2,)
        The penalised coefficients.

    l1_ratio : float
        1 for the lasso, 0 for ridge, between for the elastic net.

    feature_names : array-like of shape (2,), default=None
        Names for the axes; ``x0``, ``x1`` if None.

    name : str, default=None
        Name of the model, used as title.

    Attributes
    ----------
    budget_ : float
        :math:`t`, the penalty of the fitted coefficients.

    excess_ : float
        Loss at the fitted coefficients above the least.

    ax_ : matplotlib Axes
        Axes with the picture.

    figure_ : matplotlib Figure
        Figure containing the axes.

    contours_ : matplotlib QuadContourSet
        The loss contours; the last but two touches the region.

    region_ : matplotlib Polygon
        The region.

    See Also
    --------
    RegularizationPathDisplay : Coefficients over all penalties.

    References
    ----------
    T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical Learning",
    2nd edition, Springer, 2009, figure 3.11.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.inspection import ConstraintRegionDisplay
    >>> from sklreg.linear_model import Lasso
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = Lasso(alpha=1.0).fit(X, y)
    >>> display = ConstraintRegionDisplay.from_estimator(model, X, y, features=(2, 6))
    >>> print([round(float(value), 1) for value in display.fitted])
    [367.7, 0.0]
    >>> print(f"{display.budget_:.1f}")
    367.7
    """

    def __init__(
        self, hessian, centre, fitted, l1_ratio, *, feature_names=None, name=None
    ):
        self.hessian = hessian
        self.centre = centre
        self.fitted = fitted
        self.l1_ratio = l1_ratio
        self.feature_names = feature_names
        self.name = name
        fitted = np.asarray(fitted, dtype=float)
        self.budget_ = float(_penalty(fitted, l1_ratio))
        self.excess_ = float(self._loss(fitted))

    def _loss(self, points):
        """Loss above its least at points of shape (..., 2)."""
        step = points - np.asarray(self.centre, dtype=float)
        hessian = np.asarray(self.hessian, dtype=float)
        return 0.5 * np.einsum("...i,ij,...j->...", step, hessian, step)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        features=(0, 1),
        sample_weight=None,
        target=None,
        name=None,
        ax=None,
    ):
        """Plot the region and contours of a fitted least-squares model.

        Parameters
        ----------
        estimator : estimator instance
            Fitted ``Lasso``, ``ElasticNet`` or ``Ridge``, one of their CV forms, or a
            fitted pipeline that ends in one.

        X : array-like of shape (n_samples, n_features)
            The data that the estimator was fitted to.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Its targets.

        features : tuple of two int or str, default=(0, 1)
            The features on the axes, by number or by name.

        sample_weight : array-like of shape (n_samples,), default=None
            The weights that the estimator was fitted with.

        target : int, default=None
            Which target to draw, if there are several.

        name : str, default=None
            Title; name of the estimator's class if None.

        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : ConstraintRegionDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator is no such model, a feature is unknown, or the fitted
            coefficients are not where a contour touches the region: the model was
            fitted to other data, or its penalty has another shape (``positive``,
            bounds, a factor for each feature, standardisation).
        """
        check_is_fitted(estimator)
        head, model = split_pipeline(estimator)
        l1_ratio = _l1_ratio(model)
        names = get_feature_names(head, model, getattr(X, "columns", None))
        if head is not None:
            X = head.transform(X)
        X = check_array(X, accept_sparse="csc", dtype=np.float64)
        y = check_array(y, ensure_2d=False, dtype=np.float64)
        check_consistent_length(X, y)
        coef = single_target_coef(model, target)
        if coef.size != X.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(model).__name__} was fitted "
                f"to {coef.size}."
            )
        names = check_feature_names(names, coef.size)
        places = _places(features, names)
        if y.ndim == 2:
            y = y[:, target or 0]
        weight = _check_sample_weight(sample_weight, X)
        hessian, slope = _quadratic(X, y, coef, places, weight, model.fit_intercept)
        fitted = coef[places]
        _check_touching(model, hessian, slope, fitted, l1_ratio)
        centre = fitted - np.linalg.lstsq(hessian, slope, rcond=None)[0]
        display = cls(
            hessian,
            centre,
            fitted,
            l1_ratio,
            feature_names=names[places],
            name=type(model).__name__ if name is None else name,
        )
        return display.plot(ax=ax)

    def plot(self, ax=None):
        """Draw the contours and the region.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : ConstraintRegionDisplay
            The display itself.
        """
        ax = get_axes(ax, f"{type(self).__name__}.plot")
        fitted = np.asarray(self.fitted, dtype=float)
        centre = np.asarray(self.centre, dtype=float)
        outline = _outline(self.budget_, self.l1_ratio)
        (self.region_,) = ax.fill(
            *outline.T,
            facecolor=PALETTE[5],
            edgecolor=PALETTE[0],
            alpha=0.45,
            linewidth=1.5,
            label=f"penalty ≤ {self.budget_:.3g}",
        )
        low, high = _frame(np.vstack([outline, [fitted], [centre]]))
        grid = np.stack(
            np.meshgrid(*(np.linspace(low[k], high[k], 201) for k in (0, 1))), axis=-1
        )
        if self.excess_ > 0:
            shares = np.array([0.15, 0.5, 1.0, 1.7, 2.6])
            self.contours_ = ax.contour(
                grid[..., 0],
                grid[..., 1],
                self._loss(grid),
                levels=self.excess_ * shares,
                colors=[FAINT, FAINT, PALETTE[1], FAINT, FAINT],
                linewidths=[1, 1, 1.8, 1, 1],
            )
        ax.axhline(0, color=INK, linewidth=0.6)
        ax.axvline(0, color=INK, linewidth=0.6)
        style = {"linestyle": "none", "color": INK, "markersize": 7}
        ax.plot(*centre, marker="+", label="least squares", **style)
        ax.plot(*fitted, marker="o", label="penalised", **style)
        ax.set_xlim(low[0], high[0])
        ax.set_ylim(low[1], high[1])
        ax.set_aspect("equal")
        names = check_feature_names(self.feature_names, 2)
        ax.set_xlabel(f"coefficient of {names[0]}")
        ax.set_ylabel(f"coefficient of {names[1]}")
        if self.name is not None:
            ax.set_title(self.name)
        add_legend(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _penalty(points, l1_ratio):
    return l1_ratio * np.abs(points).sum(axis=-1) + 0.5 * (1 - l1_ratio) * (
        points**2
    ).sum(axis=-1)


def _outline(budget, l1_ratio):
    """Points around ``{u : penalty(u) = budget}``: radii in many directions."""
    angles = np.linspace(0, 2 * np.pi, 721)  # every corner is among them
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    linear = l1_ratio * np.abs(directions).sum(axis=1)
    square = 0.5 * (1 - l1_ratio)
    # the positive root of square r² + linear r = budget, without cancellation
    radii = 2 * budget / (linear + np.sqrt(linear**2 + 4 * square * budget))
    return radii[:, None] * directions


def _frame(points):
    """Limits of a square that holds the points with a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = 0.62 * max((high - low).max(), np.finfo(float).tiny)
    middle = (low + high) / 2
    return middle - half, middle + half


def _l1_ratio(model):
    """Return the share of L1 in the penalty of a lasso, elastic net or ridge."""
    if hasattr(model, "l1_ratio_"):
        return float(model.l1_ratio_)
    if not hasattr(model, "alpha") and not hasattr(model, "alpha_"):
        raise ValueError(
            f"{type(model).__name__} has no alpha: Lasso, ElasticNet, Ridge and their "
            "CV forms can be drawn."
        )
    ratio = getattr(model, "l1_ratio", None)
    if ratio is not None:
        return float(ratio)
    kinds = {base.__name__ for base in type(model).__mro__}
    if kinds & {"Lasso", "LassoCV"}:
        return 1.0
    if kinds & {"Ridge", "RidgeCV"}:
        return 0.0
    raise ValueError(
        f"{type(model).__name__} is none of Lasso, ElasticNet, Ridge and their CV "
        "forms."
    )


def _places(features, names):
    """Numbers of the two features."""
    if len(features) != 2:
        raise ValueError(f"features should name two features, got {features!r}.")
    found = []
    for feature in features:
        if isinstance(feature, str):
            at = np.flatnonzero(names == feature)
            if not len(at):
                raise ValueError(
                    f"features: {feature!r} is none of the features "
                    f"{list(names[:10])}{' ...' if len(names) > 10 else ''}."
                )
            feature = at[0]
        if not 0 <= feature < len(names):
            raise ValueError(
                f"features: {feature!r} is out of range for {len(names)} features."
            )
        found.append(int(feature))
    if found[0] == found[1]:
        raise ValueError(f"features should differ, got {features!r} for both axes.")
    return np.array(found)


def _quadratic(X, y, coef, places, weight, fit_intercept):
    """Hessian and gradient of the loss in two coefficients, at the fitted ones."""
    weight = weight / weight.sum()
    residual = y - X @ coef
    columns = X[:, places]
    columns = columns.toarray() if hasattr(columns, "toarray") else columns
    if fit_intercept:
        columns = columns - weight @ columns
        residual = residual - weight @ residual
    weighted = weight[:, None] * columns
    return weighted.T @ columns, -(weighted.T @ residual)


def _check_touching(model, hessian, slope, fitted, l1_ratio):
    """Raise unless minus the gradient is a multiple of a slope of the penalty."""
    ridge = (1 - l1_ratio) * fitted
    zero = fitted == 0
    slopes = np.abs(ridge + l1_ratio * np.sign(fitted))
    forces = -slope * np.where(zero, 1.0, np.sign(fitted))
    inside = ~zero
    if not inside.any():
        return
    alpha = np.median(forces[inside] / slopes[inside])
    limits = alpha * np.where(zero, l1_ratio, slopes)
    off = np.where(zero, np.abs(forces) - limits, np.abs(forces - limits))
    rounding = 1e-9 * (np.abs(hessian) @ np.abs(fitted)).max()
    if off.max() > _TOUCHING * np.abs(slope).max() + rounding:
        raise ValueError(
            f"No contour touches the region at the coefficients of "
            f"{type(model).__name__}: X and y are not what it was fitted to, or its "
            "penalty has another shape (positive, bounds, penalty_factor, adaptive "
            "weights, standardize)."
        )
