"""From a table to a learning problem: task, split, design matrix, folds."""

import warnings
from dataclasses import dataclass, field

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklreg.compare import CompareError
from sklreg.compare.table import Column, Table

#: A column of text gets at most so many indicator columns; rarer values share one.
MAX_CATEGORIES = 30


@dataclass(frozen=True)
class Settings:
    """What the user can choose, with the defaults of the command line."""

    task: str = "auto"
    drop: tuple = ()
    test_size: float = 0.25
    n_folds: int = 5
    tol: float = 1e-6
    n_jobs: int = 1
    random_state: int = 0


@dataclass(frozen=True)
class Problem:
    """A split, scaled and folded table, ready for any linear model.

    ``y_train`` and ``y_test`` hold class indices for classification. For regression
    ``classes`` is empty and they are in standard deviations from the mean of the
    training rows: an elastic net's l2 part does not follow the scale of the target,
    so that one grid of penalties could not suit every target.
    """

    source: str
    target: str
    task: str
    classes: tuple
    feature_names: np.ndarray
    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray
    folds: tuple
    n_numeric: int
    n_categorical: int
    n_missing: int
    settings: Settings
    notes: tuple = field(default=())

    @property
    def n_features(self):
        """Number of columns of the design matrix."""
        return self.X_train.shape[1]


def diabetes_table():
    """Return scikit-learn's diabetes data as a table, with its target's name."""
    data = load_diabetes()
    columns = [
        Column(name, values, numeric=True)
        for name, values in zip(data.feature_names, data.data.T, strict=True)
    ]
    target = Column("progression", data.target, numeric=True)
    return Table("diabetes (scikit-learn)", (*columns, target)), target.name


def make_problem(table, target, settings):
    """Check the table, split it, and fit the preprocessing on its training rows.

    Parameters
    ----------
    table : Table
        The data.

    target : str
        Name of the column to predict.

    settings : Settings
        The user's choices.

    Returns
    -------
    Problem
        Design matrices in Fortran order, targets, folds.

    Raises
    ------
    CompareError
        If the target or a feature cannot be used, or there are too few rows.
    """
    for name in (target, *settings.drop):
        if name not in table.names:
            raise CompareError(
                f"{table.source}: no column {name!r} (columns: {_listed(table.names)})"
            )
    if target in settings.drop:
        raise CompareError(f"column {target!r} is both the target and dropped")
    task, classes, y, notes = _target(table, table[target], settings.task)
    _check_sizes(table, target, classes, y, settings)
    features, left_out = _usable_features(table, target, settings.drop)

    rows = np.arange(table.n_rows)
    train, test = train_test_split(
        rows,
        test_size=settings.test_size,
        random_state=settings.random_state,
        stratify=y if classes else None,
    )
    if np.ptp(y[train]) == 0.0:
        raise CompareError(f"target column {target!r}: constant in the training rows")
    if not classes:
        y = (y - y[train].mean()) / y[train].std()
    preprocessing, X_train, X_test = _design(features, train, test)
    splitter = StratifiedKFold if classes else KFold
    folds = splitter(
        settings.n_folds, shuffle=True, random_state=settings.random_state
    ).split(X_train, y[train])
    return Problem(
        source=table.source,
        target=target,
        task=task,
        classes=classes,
        feature_names=_output_names(preprocessing, features),
        X_train=X_train,
        X_test=X_test,
        y_train=y[train],
        y_test=y[test],
        folds=tuple(folds),
        n_numeric=sum(column.numeric for column in features),
        n_categorical=sum(not column.numeric for column in features),
        n_missing=int(sum(column.missing.sum() for column in features)),
        settings=settings,
        notes=(*notes, *left_out),
    )


def _target(table, column, task):
    """Return the task, its classes, the coded target and notes for the reader."""
    where = f"target column {column.name!r}"
    missing = column.missing
    if missing.any():
        raise CompareError(
            f"{where}: {_count(missing.sum(), 'missing value')} "
            f"(first in row {np.flatnonzero(missing)[0] + 1})"
        )
    if column.numeric and not np.isfinite(column.values).all():
        bad = np.flatnonzero(~np.isfinite(column.values))
        raise CompareError(
            f"{where}: {_count(bad.size, 'non-finite value')} "
            f"(first in row {bad[0] + 1})"
        )
    levels, codes = np.unique(column.values, return_inverse=True)
    if len(levels) < 2:
        raise CompareError(f"{where}: constant (every value is {column.values[0]!s})")

    notes = []
    if task == "auto":
        task = (
            "classification" if len(levels) == 2 or not column.numeric else "regression"
        )
        few = len(levels) <= 20 and column.numeric and not np.any(levels % 1)
        if task == "regression" and few:
            notes.append(
                f"{column.name!r} has {len(levels)} distinct whole numbers: "
                "--task classification takes them for classes"
            )
    if task == "regression":
        if not column.numeric:
            raise CompareError(f"{where}: not numeric, as regression needs")
        return task, (), column.values, notes
    if len(levels) > max(20, np.sqrt(table.n_rows)):
        raise CompareError(
            f"{where}: {len(levels)} distinct values are too many for classes"
        )
    return task, tuple(_label(level) for level in levels), codes, notes


def _check_sizes(table, target, classes, y, settings):
    """Every fold must hold rows, of every class, to train and to test on."""
    n_test = int(np.ceil(settings.test_size * table.n_rows))
    least = 2 * settings.n_folds
    if table.n_rows - n_test < least or n_test < 2:
        raise CompareError(
            f"{table.source}: too few rows ({table.n_rows}): after a test set of "
            f"{settings.test_size:.0%}, {settings.n_folds} folds need at least "
            f"{least} rows"
        )
    if classes:
        counts = np.bincount(y)
        rarest = int(np.argmin(counts))
        n_left = int(np.floor(counts[rarest] * (1.0 - settings.test_size)))
        if n_left < settings.n_folds or counts[rarest] - n_left < 1:
            raise CompareError(
                f"target column {target!r}: too few rows of class "
                f"{classes[rarest]!r} ({counts[rarest]}) for {settings.n_folds} folds"
            )


def _usable_features(table, target, drop):
    """Return the columns that can tell anything, and a note for each other one."""
    features, notes = [], []
    for k, column in enumerate(table.columns):
        if column.name == target or column.name in drop:
            continue
        present = column.values[~column.missing]
        n_levels = len(set(present.tolist()))
        if column.numeric and np.isinf(present).any():
            bad = np.flatnonzero(np.isinf(column.values))
            raise CompareError(
                f"column {column.name!r}: {_count(bad.size, 'infinite value')} "
                f"(first in row {bad[0] + 1})"
            )
        if n_levels == 0:
            notes.append(f"{column.name!r} left out: no values")
        elif n_levels == 1 and len(present) == table.n_rows:
            notes.append(f"{column.name!r} left out: constant")
        elif not column.numeric and n_levels == len(present):
            notes.append(f"{column.name!r} left out: every value is different")
        elif k == 0 and _counts_rows(column):
            notes.append(f"{column.name!r} left out: it counts the rows")
        else:
            features.append(column)
    if not features:
        raise CompareError(f"{table.source}: no usable columns besides {target!r}")
    return features, notes


def _counts_rows(column):
    """Whether a nameless first column is the row number some programs write."""
    return (
        column.name == "column 1"
        and column.numeric
        and bool(np.all(np.diff(column.values) == 1.0))
    )


def _design(features, train, test):
    """Fit the preprocessing on the training rows; return it and both designs."""
    numeric = [k for k, column in enumerate(features) if column.numeric]
    categorical = [k for k, column in enumerate(features) if not column.numeric]
    preprocessing = ColumnTransformer(
        [
            ("numeric", make_numeric_pipeline(), numeric),
            ("categorical", make_categorical_pipeline(), categorical),
        ],
        sparse_threshold=0.0,
        verbose_feature_names_out=False,
    )
    X = np.empty((len(features[0].values), len(features)), dtype=object)
    for k, column in enumerate(features):
        X[:, k] = column.values
    if not categorical:
        X = X.astype(float)
    X_train = preprocessing.fit_transform(X[train])
    with warnings.catch_warnings():
        # A category seen in the test rows only: the encoder has a rule for it.
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        X_test = preprocessing.transform(X[test])
    as_design = {"dtype": np.float64, "order": "F"}
    return (
        preprocessing,
        np.asarray(X_train, **as_design),
        np.asarray(X_test, **as_design),
    )


def make_numeric_pipeline():
    """Medians for missing numbers, then unit variance."""
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )


def make_categorical_pipeline():
    """An indicator for each category but the first; missing is a category.

    One category is left out because with all of them the indicators sum to one, and
    an l1-penalised model would have more than one solution to compare.
    """
    return Pipeline(
        [
            (
                "impute",
                SimpleImputer(
                    missing_values=None, strategy="constant", fill_value="(missing)"
                ),
            ),
            (
                "encode",
                OneHotEncoder(
                    drop="first",
                    handle_unknown="infrequent_if_exist",
                    max_categories=MAX_CATEGORIES,
                    sparse_output=False,
                    feature_name_combiner=_indicator_name,
                ),
            ),
        ]
    )


def _indicator_name(feature, category):
    category = {"infrequent_sklearn": "(other)"}.get(category, category)
    return f"{feature} = {category}"


def _output_names(preprocessing, features):
    names = np.array([column.name for column in features], dtype=object)
    return preprocessing.get_feature_names_out(names)


def _label(level):
    if isinstance(level, float) and level.is_integer():
        return str(int(level))
    return str(level)


def _count(number, what):
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _listed(names, limit=8):
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown}, … {len(names) - limit} more"
