"""The pictures of the report, drawn by the displays of :mod:`sklreg.inspection`."""

import base64
import io
from dataclasses import dataclass

import numpy as np

from sklreg.inspection import (
    CoefficientDisplay,
    CVCurveDisplay,
    RegularizationPathDisplay,
)

PIXELS_PER_INCH = 150
PAGE_INCHES = 13.2
LONG_NAME = 14
N_LABELS = 6
N_BARS = 12


@dataclass(frozen=True)
class Picture:
    """A figure as PNG with its title and how to read it."""

    title: str
    text: str
    png: bytes

    def as_data_uri(self):
        """Return the picture as an address that holds it."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


def draw_figures(comparison, progress=None):
    """Draw the report's pictures from the fitted sklreg models.

    Parameters
    ----------
    comparison : Comparison
        What was measured.

    progress : callable, default=None
        Called as ``progress(text, step, n_steps)`` before each figure.

    Returns
    -------
    list of Picture
        Paths, cross-validation curves, largest coefficients.
    """
    makers = (_paths, _cv_curves, _coefficients)
    pictures = []
    for step, maker in enumerate(makers, start=1):
        if progress is not None:
            progress("drawing the report", step, len(makers))
        pictures.append(maker(comparison))
    return pictures


def _paths(comparison):
    problem = comparison.problem
    n_columns = _columns_for_names(comparison)
    panels, figure = _panels(comparison, 4.2 if n_columns > 1 else 3.6, n_columns)
    for ax, model, fitted, y in panels:
        if model.path is not None:
            alphas, coefs = model.path(fitted, problem.X_train, y)
            RegularizationPathDisplay(
                alphas,
                coefs,
                alpha=model.strength(fitted),
                feature_names=problem.feature_names,
                name=model.title,
            ).plot(ax=ax, n_labels=N_LABELS)
            continue
        RegularizationPathDisplay.from_estimator(
            fitted,
            problem.X_train,
            y,
            feature_names=problem.feature_names,
            n_labels=N_LABELS,
            name=model.title,
            ax=ax,
        )
    text = (
        "Every line is the coefficient of one feature. The penalty falls from left "
        "to right: the lasso and the elastic net keep a coefficient at exactly zero "
        "until its feature earns its place, ridge only shrinks. The dashed line is "
        "the penalty that cross-validation chose; the fitted model is the cut "
        "through the lines there. " + _units(comparison)
    )
    return Picture("Regularisation paths", text, _as_png(figure))


def _cv_curves(comparison):
    problem = comparison.problem
    panels, figure = _panels(comparison, 3.9)
    for ax, model, fitted, y in panels:
        alphas, errors = model.fold_errors(fitted, problem.X_train, y, problem.folds)
        CVCurveDisplay(
            alphas, errors, name=model.title, error_name=model.error_name
        ).plot(ax=ax)
    error = "Error" if problem.classes else "Mean squared error"
    text = (
        f"{error} on the {problem.settings.n_folds} folds that were left "
        "out, with one standard error either side. Left the model is too stiff "
        "(underfitting), right too loose (overfitting, if the curve rises again). "
        "Dashed: the least error, which the table uses. Dotted: the strongest "
        "penalty within one standard error of it, a simpler model that the data "
        "cannot tell from the best."
    )
    if not problem.classes:
        text += " An error of 1 is that of always predicting the mean."
    return Picture("Cross-validation curves", text, _as_png(figure))


def _coefficients(comparison):
    n_columns = _columns_for_names(comparison)
    panels, figure = _panels(comparison, 4.4 if n_columns > 1 else 3.8, n_columns)
    for ax, model, fitted, _ in panels:
        CoefficientDisplay.from_estimator(
            fitted,
            feature_names=comparison.problem.feature_names,
            n_largest=N_BARS,
            target=_shown_row(comparison.problem, fitted),
            name=model.title,
            ax=ax,
        )
    text = (
        "The largest coefficients at the chosen penalty; blue raises the prediction, "
        "orange lowers it. " + _units(comparison)
    )
    return Picture("Largest coefficients", text, _as_png(figure))


def _units(comparison):
    """What a coefficient of one means."""
    problem = comparison.problem
    unit = "standard deviations of the target"
    if problem.classes:
        shown = problem.classes[_shown_target(problem)]
        unit = f"the 0/1 indicator of class {shown!r}"
    text = f"Coefficients are in {unit} for one standard deviation of a number"
    if problem.n_categorical:
        text += ", or for a category instead of its column's first one"
    return text + "."


def _shown_target(problem):
    """Class that the pictures show: the second of two, the largest of several."""
    if len(problem.classes) <= 2:
        return 1
    return int(np.argmax(np.bincount(problem.y_train)))


def _shown_row(problem, fitted):
    """Row of the coefficients to show, where there is one for each class."""
    if np.ndim(fitted.coef_) == 1:
        return None
    return 0 if len(fitted.coef_) == 1 else _shown_target(problem)


def _columns_for_names(comparison):
    """Three panels beside each other, or one where names need the room."""
    longest = max(len(str(name)) for name in comparison.problem.feature_names)
    return 3 if longest <= LONG_NAME else 1


def _panels(comparison, height, n_columns=3):
    """Return ``(axes, model, its fitted estimator, its target)`` for each model."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pairs = comparison.pairs
    n_columns = min(len(pairs), n_columns)
    n_rows = -(-len(pairs) // n_columns)
    figure = Figure(figsize=(PAGE_INCHES, height * n_rows), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(n_rows, n_columns, squeeze=False)
    panels = []
    for ax, (row, _) in zip(grid.flat, pairs, strict=False):
        targets = row.entry.targets(comparison.problem)
        shown = _shown_target(comparison.problem) if len(targets) > 1 else 0
        panels.append((ax, row.entry, row.estimators[shown], targets[shown]))
    for ax in grid.flat[len(pairs) :]:
        ax.set_visible(False)
    return panels, figure


def _as_png(figure):
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=PIXELS_PER_INCH, metadata={"Software": ""})
    return stream.getvalue()
