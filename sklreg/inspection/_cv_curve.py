"""The cross-validation curve with its minimum and one-standard-error choices."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklreg.inspection._plotting import (
    FAINT,
    INK,
    PALETTE,
    add_legend,
    get_axes,
    split_pipeline,
)


class CVCurveDisplay:
    r"""Cross-validated error over the penalty, with its standard error.

    The curve is the mean over the folds of each fold's mean squared error; the
    band is one standard error either side, the standard deviation over the folds
    divided by the square root of their number. Two penalties are marked: the one
    of least error, and the strongest whose error is within one standard error of
    the least (the *one-standard-error rule* of [1]_).

    It is recommended to use :meth:`from_estimator` to create a display. All
    parameters are stored as attributes.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        Penalties, in any order.

    cv_errors : array-like of shape (n_alphas, n_folds)
        Error of each penalty on each fold.

    name : str, default=None
        Name of the model, used as title.

    error_name : str, default="mean squared error"
        What the errors measure, for the axis.

    Attributes
    ----------
    mean_ : ndarray of shape (n_alphas,)
        Mean error over the folds, in the order of ``alphas``.

    standard_error_ : ndarray of shape (n_alphas,)
        Standard error of the mean; zeros if there is one fold only.

    alpha_min_ : float
        Penalty of least mean error; the strongest of these if several.

    alpha_1se_ : float
        Strongest penalty within one standard error of the least.

    ax_ : matplotlib Axes
        Axes with the curve.

    figure_ : matplotlib Figure
        Figure containing the axes.

    lines_ : list of matplotlib Line2D
        The curve, the mark of the minimum, the mark of the one-standard-error
        choice.

    band_ : matplotlib collection
        The band of one standard error.

    See Also
    --------
    RegularizationPathDisplay : Coefficients over the same penalties.

    References
    ----------
    .. [1] L. Breiman, J. Friedman, R. Olshen and C. Stone, "Classification and
       Regression Trees", Wadsworth, 1984, section 3.4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklreg.inspection import CVCurveDisplay
    >>> from sklreg.linear_model import LassoCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> display = CVCurveDisplay.from_estimator(LassoCV(cv=20).fit(X, y))
    >>> print(f"{display.alpha_min_:.4f}")
    0.0532
    >>> bool(display.alpha_1se_ > display.alpha_min_)
    True
    """

    def __init__(
        self, alphas, cv_errors, *, name=None, error_name="mean squared error"
    ):
        self.alphas = alphas
        self.cv_errors = cv_errors
        self.name = name
        self.error_name = error_name
        self._summarise()

    def _summarise(self):
        alphas = np.asarray(self.alphas, dtype=float)
        errors = np.asarray(self.cv_errors, dtype=float)
        if alphas.ndim != 1 or errors.ndim != 2 or len(errors) != alphas.size:
            raise ValueError(
                "cv_errors should have shape (n_alphas, n_folds) with one row for "
                f"each of alphas; got alphas of shape {alphas.shape} and cv_errors "
                f"of shape {errors.shape}."
            )
        n_folds = errors.shape[1]
        self.mean_ = errors.mean(axis=1)
        self.standard_error_ = (
            errors.std(axis=1, ddof=1) / np.sqrt(n_folds)
            if n_folds > 1
            else np.zeros(alphas.size)
        )
        least = self.mean_.min()
        self.alpha_min_ = float(alphas[self.mean_ == least].max())
        best = np.flatnonzero(alphas == self.alpha_min_)[0]
        within = self.mean_ <= least + self.standard_error_[best]
        self.alpha_1se_ = float(alphas[within].max())

    @classmethod
    def from_estimator(cls, estimator, *, name=None, ax=None, **line_kw):
        """Plot the cross-validation curve of a fitted estimator.

        Parameters
        ----------
        estimator : estimator instance
            Fitted ``LassoCV`` or ``ElasticNetCV`` (the curve of the chosen
            ``l1_ratio_`` is shown), or ``RidgeCV`` fitted with
            ``store_cv_results=True`` and without ``scoring`` (each left-out row
            is then a fold of its own), or a fitted pipeline that ends in one.

        name : str, default=None
            Title; name of the estimator's class if None.

        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        **line_kw : dict
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot` for the curve.

        Returns
        -------
        display : CVCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator keeps no errors for each penalty and fold.
        """
        check_is_fitted(estimator)
        _, model = split_pipeline(estimator)
        alphas, cv_errors = _stored_errors(model)
        name = type(model).__name__ if name is None else name
        return cls(alphas, cv_errors, name=name).plot(ax=ax, **line_kw)

    def plot(self, ax=None, **line_kw):
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        **line_kw : dict
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot` for the curve.

        Returns
        -------
        display : CVCurveDisplay
            The display itself.
        """
        ax = get_axes(ax, f"{type(self).__name__}.plot")
        alphas = np.asarray(self.alphas, dtype=float)
        order = np.argsort(alphas)
        alphas, mean = alphas[order], self.mean_[order]
        spread = self.standard_error_[order]

        colour = line_kw.get("color", PALETTE[0])
        (curve,) = ax.plot(
            alphas, mean, **{"color": colour, "linewidth": 1.8, **line_kw}
        )
        self.band_ = ax.fill_between(
            alphas,
            mean - spread,
            mean + spread,
            color=colour,
            alpha=0.18,
            linewidth=0,
            label="± one standard error",
        )
        self.lines_ = [curve]
        for label, alpha, style in (
            ("least error", self.alpha_min_, "--"),
            ("one-standard-error rule", self.alpha_1se_, ":"),
        ):
            mark = ax.axvline(
                alpha,
                color=INK,
                linestyle=style,
                linewidth=1.3,
                label=f"{label}: {alpha:.3g}",
            )
            self.lines_.append(mark)
        ax.plot(
            [self.alpha_min_, self.alpha_1se_],
            np.interp([self.alpha_min_, self.alpha_1se_], alphas, mean),
            linestyle="none",
            marker="o",
            markersize=5,
            color=INK,
        )
        if alphas[0] > 0:
            ax.set_xscale("log")
        ax.invert_xaxis()
        ax.grid(color=FAINT, linewidth=0.5, alpha=0.5)
        ax.set_axisbelow(True)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        ax.set_xlabel("alpha (weaker penalty →)")
        ax.set_ylabel(f"cross-validated {self.error_name}")
        if self.name is not None:
            ax.set_title(self.name)
        add_legend(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _stored_errors(model):
    """Return ``(alphas, errors of shape (n_alphas, n_folds))`` of a CV estimator."""
    name = type(model).__name__
    if hasattr(model, "mse_path_"):
        alphas, errors = np.asarray(model.alphas_), np.asarray(model.mse_path_)
        if errors.ndim == 3:
            chosen = list(np.atleast_1d(model.l1_ratio)).index(model.l1_ratio_)
            errors = errors[chosen]
            alphas = alphas[chosen] if alphas.ndim == 2 else alphas
        return alphas, errors.reshape(alphas.size, -1)
    if hasattr(model, "cv_results_") and hasattr(model, "alphas"):
        if getattr(model, "scoring", None) is not None:
            raise ValueError(
                f"{name} was fitted with scoring={model.scoring!r}: its cv_results_ "
                "are predictions, not errors. Fit it with scoring=None."
            )
        errors = np.asarray(model.cv_results_)
        alphas = np.atleast_1d(model.alphas)
        return alphas, errors.reshape(-1, alphas.size).T
    hint = (
        " Fit it with store_cv_results=True and cv=None."
        if hasattr(model, "store_cv_results")
        else " LassoCV, ElasticNetCV and RidgeCV do."
    )
    raise ValueError(f"{name} keeps no error for each alpha and fold.{hint}")
