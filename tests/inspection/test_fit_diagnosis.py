"""Curves that name underfitting and overfitting."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import validation_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklreg.ensemble import GradientBoostingRegressor
from sklreg.inspection import FitDiagnosisDisplay
from sklreg.linear_model import Lasso, Ridge, SGDClassifier

pytest.importorskip("matplotlib")


@pytest.fixture
def axes():
    from matplotlib.figure import Figure

    return Figure().subplots()


def test_verdicts_by_hand():
    train = np.array([[0.5, 0.5], [0.8, 0.8], [0.9, 0.9], [1.0, 1.0], [0.4, 0.4]])
    test = np.array([[0.4, 0.5], [0.74, 0.76], [0.8, 0.9], [0.5, 0.7], [np.nan, 0.1]])
    display = FitDiagnosisDisplay(range(5), train, test)
    # best is point 2, 0.85, with a standard error of 0.05
    assert display.best_index_ == display.best_value_ == 2
    assert display.verdicts_.tolist() == [
        "underfitting",
        "underfitting",
        "good",
        "overfitting",
        "underfitting",
    ]
    np.testing.assert_allclose(display.gap_[:4], [0.05, 0.05, 0.05, 0.4])
    wide = FitDiagnosisDisplay(range(5), train, test, tolerance=0.11)
    assert wide.verdicts_[1] == "good"


def test_a_penalty_from_too_strong_to_too_weak(axes):
    X, y = load_diabetes(return_X_y=True)
    model = make_pipeline(PolynomialFeatures(3), StandardScaler(), Ridge())
    alphas = np.logspace(5, -3, 9)
    options = {"param_name": "ridge__alpha", "param_range": alphas, "cv": 3}
    scoring = "neg_mean_squared_error"
    display = FitDiagnosisDisplay.from_estimator(
        model, X, y, scoring=scoring, ax=axes, **options
    )
    train, test = validation_curve(model, X, y, scoring=scoring, **options)
    np.testing.assert_array_equal(display.train_scores, train)
    np.testing.assert_array_equal(display.test_scores, test)
    assert display.verdicts_[0] == "underfitting"
    assert display.verdicts_[-1] == "overfitting"
    # errors are drawn as errors, penalties of equal ratio at equal distances
    np.testing.assert_allclose(display.lines_[1].get_ydata(), -test.mean(axis=1))
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel() == "mean squared error"
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert {"underfitting", "overfitting"} <= set(legend)


def test_values_that_are_no_numbers(axes):
    X, y = load_diabetes(return_X_y=True)
    display = FitDiagnosisDisplay.from_estimator(
        Lasso(), X, y, param_name="selection", param_range=["cyclic", "random"], ax=axes
    )
    assert [text.get_text() for text in axes.get_xticklabels()] == ["cyclic", "random"]
    assert axes.get_ylabel() == "score"
    assert set(display.verdicts_) == {"good"}


def test_history_of_stochastic_descent(axes):
    X, y = load_digits(return_X_y=True)
    model = make_pipeline(
        StandardScaler(), SGDClassifier(early_stopping=True, random_state=0)
    ).fit(X, y)
    display = FitDiagnosisDisplay.from_history(model, ax=axes)
    losses = model[-1].history_["validation_loss"]
    assert display.best_value_ == 1 + np.argmin(losses)
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), losses)
    assert display.verdicts_[0] == "underfitting"


def test_history_of_boosting_overfits(axes):
    X, y = load_diabetes(return_X_y=True)
    model = GradientBoostingRegressor(
        n_estimators=60, learning_rate=0.5, n_iter_no_change=60, random_state=0
    ).fit(X, y)
    display = FitDiagnosisDisplay.from_history(model, ax=axes)
    assert axes.get_xlabel() == "stage"
    assert display.verdicts_[-1] == "overfitting"


def test_errors(axes):
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="noted no validation_loss"):
        FitDiagnosisDisplay.from_history(Ridge().fit(X, y), ax=axes)
    scores = np.zeros((3, 2))
    with pytest.raises(ValueError, match=r"should both have shape"):
        FitDiagnosisDisplay(range(3), scores, scores[:2])
    with pytest.raises(ValueError, match="values should hold 3"):
        FitDiagnosisDisplay(range(2), scores, scores)
    with pytest.raises(ValueError, match="tolerance should be >= 0"):
        FitDiagnosisDisplay(range(3), scores, scores, tolerance=-1)
    with pytest.raises(ValueError, match="No point has a finite"):
        FitDiagnosisDisplay(range(3), scores, np.full((3, 2), np.nan))
