"""What the displays draw."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from sklreg.inspection import (
    CoefficientDisplay,
    CVCurveDisplay,
    RegularizationPathDisplay,
)
from sklreg.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    Ridge,
    RidgeCV,
    lasso_path,
)

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def pictures():
    matplotlib.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="module")
def data():
    return load_diabetes(return_X_y=True)


@pytest.fixture
def axes():
    from matplotlib.figure import Figure

    return Figure().subplots()


# Paths


def test_path_is_that_of_lasso_path(data, axes):
    X, y = data
    alphas, coefs, _ = lasso_path(X - X.mean(axis=0), y - y.mean(), tol=1e-10)
    display = RegularizationPathDisplay.from_estimator(
        Lasso(tol=1e-10), X, y, alphas=alphas, ax=axes
    )
    np.testing.assert_allclose(display.coefs, coefs, rtol=1e-5, atol=1e-4)
    assert display.ax_ is axes and display.figure_ is axes.figure
    for line, path in zip(display.lines_, display.coefs, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), alphas)
        np.testing.assert_array_equal(line.get_ydata(), path)
    assert axes.get_xscale() == "log" and axes.xaxis_inverted()


@pytest.mark.parametrize(
    "model",
    [Lasso(tol=1e-8), ElasticNet(l1_ratio=0.3, tol=1e-8), Ridge()],
    ids=lambda m: type(m).__name__,
)
def test_default_grid_starts_where_coefficients_are_small(data, axes, model):
    display = RegularizationPathDisplay.from_estimator(model, *data, ax=axes)
    sizes = np.abs(display.coefs).sum(axis=0)
    assert sizes[0] < 0.1 * sizes[-1]
    if not isinstance(model, Ridge):
        assert sizes[0] == 0.0 and sizes[1] > 0.0


def test_tuned_estimator_marks_its_choice(data, axes):
    tuned = ElasticNetCV(l1_ratio=[0.5, 0.9], alphas=np.geomspace(1, 0.01, 8), cv=3)
    tuned.fit(*data)
    display = RegularizationPathDisplay.from_estimator(tuned, *data, ax=axes)
    np.testing.assert_allclose(display.alphas, tuned.alphas_)
    assert display.alpha == tuned.alpha_
    assert set(display.alpha_line_.get_xdata()) == {tuned.alpha_}
    chosen = np.flatnonzero(display.alphas == tuned.alpha_)[0]
    np.testing.assert_allclose(display.coefs[:, chosen], tuned.coef_, rtol=1e-2)
    assert tuned.get_params()["cv"] == 3


def test_pipeline_and_names(data, axes):
    X, y = data
    names = [f"f{j}" for j in range(10)]
    model = make_pipeline(StandardScaler(), RidgeCV(alphas=[1.0, 10.0, 0.1]))
    model.fit(X, y)
    display = RegularizationPathDisplay.from_estimator(
        model, X, y, feature_names=names, n_labels=3, ax=axes
    )
    assert list(display.alphas) == [10.0, 1.0, 0.1]
    assert len(axes.texts) == 3
    assert {text.get_text() for text in axes.texts} <= set(names)


def test_l1_norm_along_the_axis(data, axes):
    display = RegularizationPathDisplay.from_estimator(
        Lasso(alpha=0.1), *data, x="l1_norm", ax=axes
    )
    across = display.lines_[0].get_xdata()
    np.testing.assert_allclose(across, np.abs(display.coefs).sum(axis=0))
    assert axes.get_xscale() == "linear"


def test_sample_weight_reaches_the_fits(data, axes):
    X, y = data
    weight = np.r_[np.zeros(42), np.ones(400)]
    shown = RegularizationPathDisplay.from_estimator(
        Ridge(), X, y, sample_weight=weight, alphas=[1.0, 0.1], ax=axes
    )
    expected = Ridge(alpha=0.1).fit(X[42:], y[42:]).coef_
    np.testing.assert_allclose(shown.coefs[:, -1], expected, rtol=1e-8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "alhpa"}, "x should be"),
        ({"alphas": 1}, "alphas should be at least 2"),
        ({"alphas": [0.1]}, "at least two numbers"),
        ({"alphas": [0.1, -1.0]}, "at least two numbers"),
        ({"eps": 2.0}, "eps should be"),
        ({"feature_names": ["a", "b"]}, "feature_names should hold 10 names"),
    ],
)
def test_path_errors(data, axes, options, message):
    with pytest.raises(ValueError, match=message):
        RegularizationPathDisplay.from_estimator(Lasso(), *data, ax=axes, **options)
    assert len(axes.lines) == 0


def test_path_needs_alpha_and_one_target(data, axes):
    X, y = data
    with pytest.raises(ValueError, match="no parameter alpha"):
        RegularizationPathDisplay.from_estimator(DecisionTreeRegressor(), X, y, ax=axes)
    with pytest.raises(ValueError, match="one target"):
        RegularizationPathDisplay.from_estimator(
            Ridge(), X, np.column_stack([y, y]), ax=axes
        )
    with pytest.raises(ValueError, match="coefs should have shape"):
        RegularizationPathDisplay([1.0, 2.0], np.ones((3, 4))).plot(ax=axes)


# Cross-validation curves


def test_one_standard_error_rule_by_hand(axes):
    alphas = [0.1, 1.0, 10.0, 100.0]
    errors = np.array([[3.0, 5.0], [2.0, 4.0], [3.5, 4.3], [9.0, 9.0]])
    display = CVCurveDisplay(alphas, errors).plot(ax=axes)
    np.testing.assert_allclose(display.mean_, [4.0, 3.0, 3.9, 9.0])
    np.testing.assert_allclose(display.standard_error_, [1.0, 1.0, 0.4, 0.0])
    assert (display.alpha_min_, display.alpha_1se_) == (1.0, 10.0)
    curve, at_min, at_1se = display.lines_
    np.testing.assert_array_equal(curve.get_xdata(), alphas)
    assert at_min.get_xdata()[0] == 1.0 and at_1se.get_xdata()[0] == 10.0


def test_curve_of_lasso_cv(data, axes):
    fitted = LassoCV(cv=5).fit(*data)
    display = CVCurveDisplay.from_estimator(fitted, ax=axes)
    assert display.alpha_min_ == fitted.alpha_
    np.testing.assert_allclose(display.mean_, fitted.mse_path_.mean(axis=1))
    assert axes.get_title() == "LassoCV"


def test_curve_of_the_chosen_l1_ratio(data, axes):
    fitted = ElasticNetCV(l1_ratio=[0.5, 0.9, 1.0], alphas=[0.1, 0.01], cv=4)
    fitted.fit(*data)
    display = CVCurveDisplay.from_estimator(fitted, ax=axes)
    chosen = [0.5, 0.9, 1.0].index(fitted.l1_ratio_)
    np.testing.assert_array_equal(display.cv_errors, fitted.mse_path_[chosen])
    assert display.alpha_min_ == fitted.alpha_


def test_curve_of_leave_one_out_ridge(data, axes):
    X, y = data
    fitted = RidgeCV(alphas=[0.01, 0.1, 1.0, 10.0], store_cv_results=True).fit(X, y)
    display = CVCurveDisplay.from_estimator(make_pipeline(fitted), ax=axes)
    assert display.cv_errors.shape == (4, len(y))
    assert display.alpha_min_ == fitted.alpha_


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (RidgeCV(), "store_cv_results=True"),
        (RidgeCV(scoring="r2", store_cv_results=True), "scoring='r2'"),
        (Ridge(), "keeps no error"),
    ],
)
def test_curve_errors(data, axes, model, message):
    with pytest.raises(ValueError, match=message):
        CVCurveDisplay.from_estimator(model.fit(*data), ax=axes)


def test_curve_shapes():
    with pytest.raises(ValueError, match="cv_errors should have shape"):
        CVCurveDisplay([1.0, 2.0], np.ones((3, 2)))


# Coefficients


def test_bars_are_the_largest_coefficients(axes):
    coef = [0.0, -3.0, 1.0, 2.0, 0.0]
    display = CoefficientDisplay(coef, feature_names=list("abcde"))
    display.plot(ax=axes, n_largest=2)
    assert [bar.get_width() for bar in display.bars_] == [-3.0, 2.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "d"]
    assert "2 largest of 3 nonzero; 2 of 5 exactly zero" in axes.get_xlabel()
    first, second = (bar.get_facecolor() for bar in display.bars_)
    assert first != second
    assert axes.yaxis_inverted()


def test_names_come_from_the_estimator(axes):
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame({"up": [0.0, 1, 2, 3], "down": [1.0, 0, 2, 2]})
    fitted = make_pipeline(StandardScaler(), Ridge()).fit(X, X["up"] - X["down"])
    CoefficientDisplay.from_estimator(fitted, ax=axes)
    labels = {label.get_text() for label in axes.get_yticklabels()}
    assert labels == {"up", "down"}


def test_all_zero_coefficients(axes):
    display = CoefficientDisplay([0.0, 0.0]).plot(ax=axes)
    assert len(display.bars_) == 0
    assert axes.texts[0].get_text() == "every coefficient is zero"


def test_several_targets_need_a_choice(data, axes):
    X, y = data
    fitted = Ridge().fit(X, np.column_stack([y, -y]))
    with pytest.raises(ValueError, match="2 targets: choose one"):
        CoefficientDisplay.from_estimator(fitted, ax=axes)
    with pytest.raises(ValueError, match="target=2"):
        CoefficientDisplay.from_estimator(fitted, target=2, ax=axes)
    display = CoefficientDisplay.from_estimator(fitted, target=1, ax=axes)
    np.testing.assert_array_equal(display.coef, fitted.coef_[1])
    classifier = LogisticRegression().fit(X, y > 150)
    display = CoefficientDisplay.from_estimator(classifier, ax=axes)
    np.testing.assert_array_equal(display.coef, classifier.coef_[0])


def test_models_without_coefficients(data, axes):
    with pytest.raises(ValueError, match="no coef_"):
        CoefficientDisplay.from_estimator(DecisionTreeRegressor().fit(*data), ax=axes)


# All


@pytest.mark.parametrize(
    "display",
    [
        CoefficientDisplay([1.0]),
        CVCurveDisplay([1.0, 2.0], [[1.0, 2.0], [2.0, 3.0]]),
        RegularizationPathDisplay([1.0, 2.0], [[1.0, 2.0]]),
    ],
    ids=lambda display: type(display).__name__,
)
def test_figure_of_its_own_and_missing_matplotlib(display, monkeypatch):
    assert display.plot() is display
    assert display.figure_ is display.ax_.figure
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"\.plot requires matplotlib"):
        display.plot()
