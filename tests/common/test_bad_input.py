"""Bad input gives a clear error, and leaves nothing half-fitted behind."""

import numpy as np
import pytest
from sklearn.utils import get_tags

from tests._estimators import all_predictors, estimator_id
from tests.common._problems import (
    assert_same_state,
    every_predictor,
    every_weighted_predictor,
    outcome,
    problem,
    seeded,
    state,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


BAD_FITS = {
    "NaN in X": (lambda X, y: (np.where(X == X[3, 1], np.nan, X), y), "NaN"),
    "infinity in X": (lambda X, y: (np.where(X == X[3, 1], np.inf, X), y), "infinity"),
    "NaN in y": (lambda X, y: (X, _with(y, np.nan)), "y|NaN|infinity"),
    "infinity in y": (lambda X, y: (X, _with(y, np.inf)), "y|infinity"),
    "strings in X": (
        lambda X, y: (np.where(X == X[3, 1], "a word", X.astype(object)), y),
        "could not convert string|dtype|numeric",
    ),
    "too short y": (lambda X, y: (X, y[:-1]), "inconsistent|samples"),
    "no rows": (lambda X, y: (X[:0], y[:0]), "0 sample|minimum"),
    "no columns": (lambda X, y: (X[:, :0], y), r"0 feature\(s\)"),
    "flat X": (lambda X, y: (X[:, 0], y), "Expected 2D array|1D array"),
    "no y": (lambda X, y: (X, None), "y"),
}


def _with(y, value):
    y = y.astype(np.float64)
    y[3] = value
    return y


@pytest.mark.parametrize(
    ("estimator", "fault"),
    [
        pytest.param(estimator, fault, id=f"{estimator_id(estimator)}-{fault}")
        for estimator in all_predictors()
        for fault in BAD_FITS
        if fault != "NaN in X" or not get_tags(estimator).input_tags.allow_nan
    ],
)
@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
def test_failed_fit_says_why_and_leaves_the_estimator_alone(estimator, fault, fitted):
    spoil, message = BAD_FITS[fault]
    estimator = seeded(estimator)
    X, y = problem(estimator)
    if fitted:
        estimator.fit(X[:, :4], y)
    before = state(estimator)
    with pytest.raises((ValueError, TypeError), match=message):
        estimator.fit(*spoil(X, y))
    assert_same_state(before, state(estimator))


@every_predictor
def test_failed_fit_of_a_frame_leaves_no_names_behind(estimator):
    pandas = pytest.importorskip("pandas")
    estimator = seeded(estimator)
    X, y = problem(estimator)
    frame = pandas.DataFrame(X).add_prefix("x")
    frame.loc[2, "x1"] = np.inf
    before = state(estimator)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        estimator.fit(frame, y)
    assert_same_state(before, state(estimator))


@every_weighted_predictor
def test_bad_weights_are_refused_and_leave_the_estimator_alone(estimator):
    estimator = seeded(estimator)
    X, y = problem(estimator)
    before = state(estimator)
    for weight in (np.full(len(y), np.nan), np.ones(len(y) - 1), np.ones((len(y), 2))):
        with pytest.raises(ValueError, match=r"(?i)sample_weight|weight"):
            estimator.fit(X, y, sample_weight=weight)
        assert_same_state(before, state(estimator))


@every_predictor
def test_constant_columns_do_not_matter(estimator):
    X, y = problem(estimator)
    with_constants = np.column_stack([X, np.zeros(len(X)), np.full(len(X), 1.0)])
    fitted = seeded(estimator).fit(with_constants, y)
    assert np.all(np.isfinite(outcome(fitted, with_constants).astype(np.float64)))
