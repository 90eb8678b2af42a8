"""The largest coefficients as signed bars."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklreg.inspection._plotting import (
    FAINT,
    INK,
    PALETTE,
    check_feature_names,
    get_axes,
    get_feature_names,
    single_target_coef,
    split_pipeline,
)


class CoefficientDisplay:
    """Largest coefficients of a linear model, as signed bars.

    It is recommended to use :meth:`from_estimator` to create a display. All
    parameters are stored as attributes.

    Parameters
    ----------
    coef : array-like of shape (n_features,)
        Coefficients of one target.

    feature_names : array-like of shape (n_features,), default=None
        Names of the features; ``x0``, ``x1``, ... if None.

    name : str, default=None
        Name of the model, used as title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the bars.

    figure_ : matplotlib Figure
        Figure containing the axes.

    bars_ : matplotlib BarContainer
        The bars, largest coefficient first.

    See Also
    --------
    RegularizationPathDisplay : Coefficients along the path of alphas.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.inspection import CoefficientDisplay
    >>> from sklreg.linear_model import Lasso
    >>> X, y = load_diabetes(return_X_y=True)
    >>> display = CoefficientDisplay.from_estimator(Lasso(alpha=0.1).fit(X, y))
    >>> [label.get_text() for label in display.ax_.get_yticklabels()][:3]
    ['x2', 'x8', 'x3']
    """

    def __init__(self, coef, *, feature_names=None, name=None):
        self.coef = coef
        self.feature_names = feature_names
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        feature_names=None,
        target=None,
        n_largest=20,
        name=None,
        ax=None,
        **bar_kw,
    ):
        """Plot the largest coefficients of a fitted linear model.

        Parameters
        ----------
        estimator : estimator instance
            Fitted linear model, or a fitted pipeline that ends in one.

        feature_names : array-like of shape (n_features,), default=None
            Names of the features that reach the linear model; taken from the
            estimator if None.

        target : int, default=None
            Row of a two-dimensional ``coef_`` to show. Required for a model with
            several targets.

        n_largest : int, default=20
            Number of bars at most. Zero coefficients get no bar.

        name : str, default=None
            Title; name of the estimator's class if None.

        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        **bar_kw : dict
            Keyword arguments of :meth:`matplotlib.axes.Axes.barh`.

        Returns
        -------
        display : CoefficientDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has no ``coef_``, if ``target`` does not choose one
            of its rows, or if ``feature_names`` has another length.
        """
        check_is_fitted(estimator)
        transformer, model = split_pipeline(estimator)
        if feature_names is None:
            feature_names = get_feature_names(transformer, model)
        display = cls(
            single_target_coef(model, target),
            feature_names=feature_names,
            name=type(model).__name__ if name is None else name,
        )
        return display.plot(ax=ax, n_largest=n_largest, **bar_kw)

    def plot(self, ax=None, *, n_largest=20, **bar_kw):
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        n_largest : int, default=20
            Number of bars at most. Zero coefficients get no bar.

        **bar_kw : dict
            Keyword arguments of :meth:`matplotlib.axes.Axes.barh`.

        Returns
        -------
        display : CoefficientDisplay
            The display itself.
        """
        coef = np.asarray(self.coef, dtype=float)
        if coef.ndim != 1:
            raise ValueError(f"coef should be a vector; got shape {coef.shape}.")
        names = check_feature_names(self.feature_names, coef.size)
        ax = get_axes(ax, f"{type(self).__name__}.plot")

        order = np.argsort(-np.abs(coef), kind="stable")
        n_nonzero = int(np.count_nonzero(coef))
        order = order[: min(n_largest, n_nonzero)]
        rows = np.arange(len(order))
        colours = [PALETTE[0] if value > 0 else PALETTE[1] for value in coef[order]]
        self.bars_ = ax.barh(
            rows, coef[order], **{"color": colours, "height": 0.72, **bar_kw}
        )
        ax.set_yticks(rows, names[order])
        ax.set_ylim(max(len(order), 1) - 0.4, -0.6)
        ax.axvline(0.0, color=INK, linewidth=0.8)
        ax.grid(axis="x", color=FAINT, linewidth=0.5, alpha=0.5)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        for side in ("top", "right", "left"):
            ax.spines[side].set_visible(False)
        ax.set_xlabel(self._describe(coef.size, n_nonzero, len(order)))
        if self.name is not None:
            ax.set_title(self.name)
        if not len(order):
            ax.text(
                0.5,
                0.5,
                "every coefficient is zero",
                transform=ax.transAxes,
                ha="center",
                color=INK,
            )
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @staticmethod
    def _describe(n_features, n_nonzero, n_shown):
        counts = []
        if n_shown < n_nonzero:
            counts.append(f"{n_shown} largest of {n_nonzero} nonzero")
        if n_nonzero < n_features:
            counts.append(f"{n_features - n_nonzero} of {n_features} exactly zero")
        return "\n".join(["coefficient", "; ".join(counts)]).rstrip()
