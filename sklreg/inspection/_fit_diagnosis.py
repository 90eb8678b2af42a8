"""Training and test curves, and which of their points underfit or overfit."""

import numpy as np
from sklearn.model_selection import validation_curve
from sklearn.utils.validation import check_is_fitted

from sklreg.inspection._plotting import (
    FAINT,
    INK,
    PALETTE,
    add_legend,
    get_axes,
    split_pipeline,
)

_SHADES = {"underfitting": PALETTE[5], "overfitting": PALETTE[1]}


class FitDiagnosisDisplay:
    r"""Training and test curves that name underfitting and overfitting.

    The point of the best mean test score is the yardstick. A point whose test score is
    worse than that by more than `tolerance` is named by its training score: worse
    than the yardstick's, it *underfits* (the model has not followed the data as far as
    pays); at least as good, it *overfits* (what it has learnt since does not carry
    over). All others are *good*.

    It is recommended to use :meth:`from_estimator` or :meth:`from_history` to create
    a display. All parameters are stored as attributes.

    Parameters
    ----------
    values : array-like of shape (n_points,)
        What varies along the curve: values of a parameter, or epochs.

    train_scores : array-like of shape (n_points, n_folds)
        Scores on the training rows; greater is better.

    test_scores : array-like of shape (n_points, n_folds)
        Scores on rows left out.

    param_name : str, default=None
        Name of what varies, for the axis.

    score_name : str, default="score"
        Name of the score, for the axis.

    negate_score : bool, default=False
        Whether to draw the scores negated, as errors.

    tolerance : float, default=None
        How much worse than the best test score counts as worse. None takes one
        standard error of the best point's score over the folds; with one fold, a
        hundredth of the range of the test scores.

    name : str, default=None
        Name of the model, used as title.

    Attributes
    ----------
    verdicts_ : ndarray of str, shape (n_points,)
        ``"underfitting"``, ``"good"`` or ``"overfitting"`` for each point.

    best_index_ : int
        Point of the best mean test score; the first of these if several.

    best_value_ : object
        What varies, there.

    gap_ : ndarray of shape (n_points,)
        Mean training score minus mean test score.

    ax_ : matplotlib Axes
        Axes with the curves.

    figure_ : matplotlib Figure
        Figure containing the axes.

    lines_ : list of matplotlib Line2D
        Training curve, test curve, mark of the best point.

    See Also
    --------
    CVCurveDisplay : Error over the penalty, from a model that was tuned.
    bias_variance_decomposition : The test error's parts.

    References
    ----------
    T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical Learning",
    2nd edition, Springer, 2009, section 7.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import PolynomialFeatures
    >>> from sklreg.inspection import FitDiagnosisDisplay
    >>> from sklreg.linear_model import Ridge
    >>> x = np.linspace(0, 1, 30).reshape(-1, 1)
    >>> y = np.sin(6 * x).ravel() + np.random.RandomState(0).randn(30) / 3
    >>> rows = np.random.RandomState(0).permutation(30)
    >>> display = FitDiagnosisDisplay.from_estimator(
    ...     make_pipeline(PolynomialFeatures(), Ridge(alpha=1e-6)),
    ...     x[rows],
    ...     y[rows],
    ...     param_name="polynomialfeatures__degree",
    ...     param_range=[1, 5, 14],
    ... )
    >>> display.verdicts_.tolist()
    ['underfitting', 'good', 'overfitting']
    """

    def __init__(
        self,
        values,
        train_scores,
        test_scores,
        *,
        param_name=None,
        score_name="score",
        negate_score=False,
        tolerance=None,
        name=None,
    ):
        self.values = values
        self.train_scores = train_scores
        self.test_scores = test_scores
        self.param_name = param_name
        self.score_name = score_name
        self.negate_score = negate_score
        self.tolerance = tolerance
        self.name = name
        self._judge()

    def _judge(self):
        train = np.asarray(self.train_scores, dtype=float)
        test = np.asarray(self.test_scores, dtype=float)
        if train.ndim != 2 or train.shape != test.shape or len(train) == 0:
            raise ValueError(
                "train_scores and test_scores should both have shape (n_points, "
                f"n_folds); got {train.shape} and {test.shape}."
            )
        if len(self.values) != len(train):
            raise ValueError(
                f"values should hold {len(train)} values, one for each row of the "
                f"scores; got {len(self.values)}."
            )
        if self.tolerance is not None and not self.tolerance >= 0:
            raise ValueError(f"tolerance should be >= 0, got {self.tolerance!r}.")
        train_mean, test_mean = train.mean(axis=1), test.mean(axis=1)
        finite = np.isfinite(test_mean)
        if not finite.any():
            raise ValueError("No point has a finite test score.")
        best = int(np.argmax(np.where(finite, test_mean, -np.inf)))
        tolerance = self.tolerance
        if tolerance is None and test.shape[1] > 1:
            tolerance = test[best].std(ddof=1) / np.sqrt(test.shape[1])
        elif tolerance is None:
            tolerance = np.ptp(test_mean[finite]) / 50
        worse = ~(test_mean >= test_mean[best] - tolerance)
        self.verdicts_ = np.where(
            worse,
            np.where(train_mean >= train_mean[best], "overfitting", "underfitting"),
            "good",
        )
        self.best_index_ = best
        self.best_value_ = self.values[best]
        self.gap_ = train_mean - test_mean

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        param_name,
        param_range,
        groups=None,
        cv=None,
        scoring=None,
        n_jobs=None,
        tolerance=None,
        name=None,
        ax=None,
    ):
        """Fit the estimator for each value of a parameter, and plot the scores.

        Parameters
        ----------
        estimator : estimator instance
            What to fit; clones of it are.

        X : array-like of shape (n_samples, n_features)
            Data.

        y : array-like of shape (n_samples,)
            Targets.

        param_name : str
            The parameter that varies, ``step__parameter`` in a pipeline.

        param_range : array-like of shape (n_points,)
            Its values, in the order of the axis.

        groups : array-like of shape (n_samples,), default=None
            Groups for the splitter.

        cv : int, splitter or iterable, default=None
            The folds, as in :func:`~sklearn.model_selection.validation_curve`.

        scoring : str or callable, default=None
            The score; the estimator's own if None.

        n_jobs : int, default=None
            Fits at a time.

        tolerance : float, default=None
            See the class.

        name : str, default=None
            Title; name of the estimator's class if None.

        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : FitDiagnosisDisplay
            The display, drawn.
        """
        train, test = validation_curve(
            estimator,
            X,
            y,
            param_name=param_name,
            param_range=param_range,
            groups=groups,
            cv=cv,
            scoring=scoring,
            n_jobs=n_jobs,
        )
        negated = isinstance(scoring, str) and scoring.startswith("neg_")
        score_name = "score"
        if isinstance(scoring, str):
            score_name = scoring.removeprefix("neg_").replace("_", " ")
        _, model = split_pipeline(estimator)
        return cls(
            param_range,
            train,
            test,
            param_name=param_name,
            score_name=score_name,
            negate_score=negated,
            tolerance=tolerance,
            name=type(model).__name__ if name is None else name,
        ).plot(ax=ax)

    @classmethod
    def from_history(cls, estimator, *, tolerance=None, name=None, ax=None):
        """Plot the losses that an iterative model noted in each epoch or stage.

        Parameters
        ----------
        estimator : estimator instance
            A model with a `history_` that holds ``"train_loss"`` and
            ``"validation_loss"``: stochastic descent, a network or boosting, fitted
            with early stopping; or a fitted pipeline that ends in one.

        tolerance : float, default=None
            See the class.

        name : str, default=None
            Title; name of the estimator's class if None.

        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : FitDiagnosisDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator noted no losses on validation rows.
        """
        check_is_fitted(estimator)
        _, model = split_pipeline(estimator)
        history = getattr(model, "history_", {})
        if "validation_loss" not in history:
            raise ValueError(
                f"{type(model).__name__} noted no validation_loss in history_: fit it "
                "with early stopping, or with X_val and y_val."
            )
        train = -np.asarray(history["train_loss"], dtype=float)
        test = -np.asarray(history["validation_loss"], dtype=float)
        values = history.get("epoch", np.arange(1, len(train) + 1))
        return cls(
            values,
            train[:, None],
            test[:, None],
            param_name="epoch" if "epoch" in history else "stage",
            score_name="loss",
            negate_score=True,
            tolerance=tolerance,
            name=type(model).__name__ if name is None else name,
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the curves, with the points that underfit and overfit shaded.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : FitDiagnosisDisplay
            The display itself.
        """
        ax = get_axes(ax, f"{type(self).__name__}.plot")
        places, labels, log = _axis(self.values)
        sign = -1.0 if self.negate_score else 1.0
        self.lines_ = []
        for label, scores, colour in (
            ("training rows", self.train_scores, PALETTE[0]),
            ("rows left out", self.test_scores, PALETTE[1]),
        ):
            scores = sign * np.asarray(scores, dtype=float)
            mean = scores.mean(axis=1)
            (line,) = ax.plot(places, mean, color=colour, linewidth=1.8, label=label)
            self.lines_.append(line)
            if scores.shape[1] > 1:
                spread = scores.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])
                ax.fill_between(
                    places,
                    mean - spread,
                    mean + spread,
                    color=colour,
                    alpha=0.18,
                    linewidth=0,
                )
        best = self.best_index_
        (mark,) = ax.plot(
            places[best],
            sign * np.mean(self.test_scores[best]),
            linestyle="none",
            marker="o",
            color=INK,
            label=f"best: {self.best_value_:.4g}"
            if isinstance(self.best_value_, (int, float, np.number))
            else f"best: {self.best_value_}",
        )
        self.lines_.append(mark)
        if log:
            ax.set_xscale("log")
        elif labels is not None:
            ax.set_xticks(places, labels)
        self._shade(ax, places, log)
        ax.grid(color=FAINT, linewidth=0.5, alpha=0.5)
        ax.set_axisbelow(True)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        if self.param_name is not None:
            ax.set_xlabel(self.param_name)
        ax.set_ylabel(self.score_name)
        if self.name is not None:
            ax.set_title(self.name)
        add_legend(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _shade(self, ax, places, log):
        """Shade each run of points of one verdict, half way to its neighbours."""
        scale = np.log if log else np.asarray
        at = scale(places)
        order = np.argsort(at, kind="stable")
        at, verdicts = at[order], self.verdicts_[order]
        between = (at[1:] + at[:-1]) / 2
        edges = np.concatenate([at[:1], between, at[-1:]])
        edges = np.exp(edges) if log else edges
        starts = np.flatnonzero(np.r_[True, verdicts[1:] != verdicts[:-1]])
        ends = np.r_[starts[1:], len(verdicts)]
        named = set()
        for start, end in zip(starts, ends, strict=True):
            verdict = verdicts[start]
            if verdict in _SHADES:
                ax.axvspan(
                    edges[start],
                    edges[end],
                    color=_SHADES[verdict],
                    alpha=0.12,
                    linewidth=0,
                    label=None if verdict in named else str(verdict),
                )
                named.add(verdict)


def _axis(values):
    """Return places on the axis, labels where they are no numbers, and if it is log."""
    numbers = all(
        isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        for value in values
    )
    if not numbers:
        return np.arange(len(values)), [str(value) for value in values], False
    places = np.asarray(values, dtype=float)
    log = len(places) > 2 and places.min() > 0
    if log:
        # equal ratios are drawn at equal distances, equal steps as they are
        ratios, steps = np.diff(np.log(places)), np.diff(places)
        log = _unevenness(ratios) < _unevenness(steps)
    return places, None, bool(log)


def _unevenness(steps):
    return np.ptp(steps) / max(np.abs(steps).max(), np.finfo(float).tiny)
