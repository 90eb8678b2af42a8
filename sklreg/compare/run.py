"""Fit both libraries side by side and measure them."""

import platform
import warnings
from dataclasses import asdict, dataclass, field
from time import perf_counter

import numpy as np
import sklearn
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score

import sklreg
from sklreg.compare.models import MODELS, numeric_targets

#: Fits that take less are repeated, and the best time counts.
REPEAT_BELOW_SECONDS = 1.0
MAX_REPEATS = 5


@dataclass
class Row:
    """One line of the table.

    ``entry`` is its :class:`~sklreg.compare.models.Model`, None for a baseline, and
    ``estimators`` holds one fitted model for each target.
    """

    model: str
    estimator: str
    library: str
    alphas: list | None = None
    n_nonzero: int | None = None
    n_coefficients: int | None = None
    train_score: float | None = None
    test_score: float | None = None
    test_auc: float | None = None
    test_log_loss: float | None = None
    seconds: float | None = None
    first_seconds: float | None = None
    speed: float | None = None
    coef_difference: float | None = None
    coef_difference_relative: float | None = None
    duality_gap: float | None = None
    warnings: list = field(default_factory=list)
    entry: object = field(default=None, repr=False)
    estimators: list = field(default_factory=list, repr=False)

    def as_dict(self):
        """Everything measured, ready for JSON."""
        inner = ("entry", "estimators")
        return {name: value for name, value in vars(self).items() if name not in inner}


@dataclass(frozen=True)
class Comparison:
    """A problem and the rows measured on it."""

    problem: object
    rows: tuple

    @property
    def pairs(self):
        """``(sklreg row, scikit-learn row)`` for each model compared."""
        ours = [row for row in self.rows if row.library == "sklreg"]
        theirs = {row.model: row for row in self.rows if row.library == "scikit-learn"}
        return [(row, theirs[row.model]) for row in ours]

    @property
    def score_name(self):
        """What ``train_score`` and ``test_score`` are."""
        return "accuracy" if self.problem.classes else "R2"

    def as_dict(self):
        """Everything, ready for JSON."""
        problem = self.problem
        return {
            "versions": {
                "sklreg": sklreg.__version__,
                "scikit-learn": sklearn.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "data": {
                "source": problem.source,
                "target": problem.target,
                "n_rows": len(problem.y_train) + len(problem.y_test),
                "n_train": len(problem.y_train),
                "n_test": len(problem.y_test),
                "n_numeric_columns": problem.n_numeric,
                "n_categorical_columns": problem.n_categorical,
                "n_missing_values": problem.n_missing,
                "n_features": problem.n_features,
                "feature_names": [str(name) for name in problem.feature_names],
            },
            "task": problem.task,
            "classes": list(problem.classes),
            "score": self.score_name,
            "settings": asdict(problem.settings),
            "rows": [row.as_dict() for row in self.rows],
            "notes": list(problem.notes),
        }


def compare(problem, models=MODELS, progress=None):
    """Fit each model of both libraries on a problem.

    The two libraries get the same arrays, folds, penalties, tolerance and number of
    jobs. Each is fitted once before the clock counts, so that neither pays for
    loading or compiling; quick fits are repeated in turns and the best time counts.

    Parameters
    ----------
    problem : Problem
        Split and folded data.

    models : sequence of Model
        The entries to compare.

    progress : callable, default=None
        Called as ``progress(text, step, n_steps)`` before each step.

    Returns
    -------
    Comparison
        The rows, baselines first.
    """
    progress = progress or (lambda *_: None)
    models = [model for model in models if problem.task in model.tasks]
    n_steps = len(models) + 1
    progress("baselines", 1, n_steps)
    rows = _baselines(problem)
    for step, model in enumerate(models, start=2):
        progress(f"{model.title} in both libraries", step, n_steps)
        rows += _pair(problem, model)
    return Comparison(problem, tuple(rows))


def _baselines(problem):
    rows = []
    if problem.classes:
        row = Row("largest class", "DummyClassifier", "baseline")
        dummy = DummyClassifier().fit(problem.X_train, problem.y_train)
        row.train_score = float(dummy.score(problem.X_train, problem.y_train))
        row.test_score = float(dummy.score(problem.X_test, problem.y_test))
        rows.append(row)
    row = Row("least squares", "LinearRegression", "baseline")
    start = perf_counter()
    row.estimators = [
        LinearRegression().fit(problem.X_train, y) for y in numeric_targets(problem)
    ]
    row.seconds = perf_counter() - start
    _describe(row, problem, lambda fitted, X: fitted.predict(X))
    rows.append(row)
    return rows


def _pair(problem, model):
    """Fit one model of both libraries, in turns."""
    targets = model.targets(problem)
    folds = [(train.copy(), test.copy()) for train, test in problem.folds]
    grids = [model.grid(problem.X_train, y) for y in targets]
    rows = {
        library: Row(model.title, model.name, library, entry=model)
        for library in ("sklreg", "scikit-learn")
    }

    def fit(library):
        """Fit every target; return the seconds it took."""
        row = rows[library]
        estimators = [
            model.make(library, problem.settings, folds, grid) for grid in grids
        ]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            start = perf_counter()
            for estimator, y in zip(estimators, targets, strict=True):
                estimator.fit(problem.X_train, y)
            seconds = perf_counter() - start
        row.estimators = estimators
        row.warnings = sorted({_first_line(entry.message) for entry in caught})
        return seconds

    firsts = {library: fit(library) for library in rows}
    times = {library: [] for library in rows}
    for _ in range(MAX_REPEATS):
        for library, spent in times.items():
            # A long first fit of the built-in compiles nothing: it counts as it is.
            if library == "scikit-learn" and firsts[library] > REPEAT_BELOW_SECONDS:
                spent[:] = [firsts[library]]
            elif sum(spent) < REPEAT_BELOW_SECONDS:
                spent.append(fit(library))

    for library, row in rows.items():
        row.seconds, row.first_seconds = min(times[library]), firsts[library]
        row.alphas = [float(model.strength(fitted)) for fitted in row.estimators]
        row.duality_gap = max(
            float(model.gap(fitted, problem.X_train, y))
            for fitted, y in zip(row.estimators, targets, strict=True)
        )
        _describe(row, problem, model.scores, model.probabilities)
    ours, theirs = rows["sklreg"], rows["scikit-learn"]
    reference = _coefficients(theirs)
    difference = np.abs(_coefficients(ours) - reference).max()
    ours.coef_difference = float(difference)
    largest = np.abs(reference).max()
    ours.coef_difference_relative = float(difference / largest) if largest else None
    ours.speed, theirs.speed = theirs.seconds / ours.seconds, 1.0
    return [ours, theirs]


def _describe(row, problem, scores, probabilities=False):
    """Fill in what every fitted row has: coefficients counted, scores."""
    coefficients = _coefficients(row)
    row.n_nonzero = int(np.count_nonzero(coefficients))
    row.n_coefficients = int(coefficients.size)
    for part in ("train", "test"):
        X, y = getattr(problem, f"X_{part}"), getattr(problem, f"y_{part}")
        given = np.column_stack([scores(fitted, X) for fitted in row.estimators])
        setattr(row, f"{part}_score", _score(problem, y, given))
    if problem.classes:
        row.test_auc = _auc(problem, y, given)
    if probabilities:
        row.test_log_loss = float(log_loss(y, _of_each_class(given)))


def _of_each_class(given):
    return np.column_stack([1.0 - given, given]) if given.shape[1] == 1 else given


def _coefficients(row):
    return np.vstack([fitted.coef_ for fitted in row.estimators])


def _score(problem, y, given):
    if not problem.classes:
        return float(r2_score(y, given[:, 0]))
    if given.shape[1] == 1:
        return float(accuracy_score(y, given[:, 0] > 0.5))
    return float(accuracy_score(y, given.argmax(axis=1)))


def _auc(problem, y, given):
    """Area under the ROC curve; the mean of one-against-rest for several classes."""
    if given.shape[1] == 1:
        return float(roc_auc_score(y, given[:, 0]))
    return float(
        np.mean([roc_auc_score(y == k, given[:, k]) for k in range(given.shape[1])])
    )


def _first_line(message):
    return f"{type(message).__name__}: {str(message).splitlines()[0]}"
