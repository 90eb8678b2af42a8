"""Contours of the loss and the region that a penalty allows."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from sklreg.inspection import ConstraintRegionDisplay
from sklreg.linear_model import ElasticNet, Lasso, LassoCV, Ridge

pytest.importorskip("matplotlib")

X, Y = load_diabetes(return_X_y=True)
MODELS = {
    "lasso": Lasso(alpha=0.5, tol=1e-8),
    "elastic net": ElasticNet(alpha=0.01, l1_ratio=0.4, tol=1e-8),
    "ridge": Ridge(alpha=0.5),
    "lasso at a corner": Lasso(alpha=1.5, tol=1e-8),
}


@pytest.fixture
def axes():
    from matplotlib.figure import Figure

    return Figure().subplots()


@pytest.mark.parametrize("case", MODELS)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_fit_is_the_least_loss_within_the_region(axes, case, weighted):
    weight = np.random.RandomState(0).rand(len(Y)) if weighted else None
    model = MODELS[case].fit(X, Y, sample_weight=weight)
    display = ConstraintRegionDisplay.from_estimator(
        model, X, Y, features=(2, 3), sample_weight=weight, ax=axes
    )
    # every point of the outline costs its budget, and at least the fit's loss
    outline = display.region_.get_xy()
    ratio = display.l1_ratio
    costs = ratio * np.abs(outline).sum(1) + (1 - ratio) / 2 * (outline**2).sum(1)
    np.testing.assert_allclose(costs, display.budget_, rtol=1e-9)
    losses = [_excess(display, point) for point in outline]
    assert min(losses) >= display.excess_ * (1 - 1e-6)
    assert min(losses) <= display.excess_ * 1.01


def _excess(display, point):
    step = point - display.centre
    return step @ display.hessian @ step / 2


def test_the_centre_is_least_squares_in_two_coefficients(axes):
    model = MODELS["lasso"].fit(X, Y)
    display = ConstraintRegionDisplay.from_estimator(
        model, X, Y, features=(2, 8), ax=axes
    )
    rest = model.coef_.copy()
    rest[[2, 8]] = 0
    target = Y - Y.mean() - X @ rest

    def loss(u):
        return ((target - X[:, [2, 8]] @ u) ** 2).mean() / 2

    found = minimize(loss, np.zeros(2), tol=1e-10)
    np.testing.assert_allclose(display.centre, found.x, rtol=1e-4)
    np.testing.assert_allclose(
        display.excess_, loss(model.coef_[[2, 8]]) - found.fun, rtol=1e-5
    )


def test_names_pipelines_and_tuned_models(axes):
    pytest.importorskip("pandas")
    table, y = load_diabetes(return_X_y=True, as_frame=True)
    model = make_pipeline(StandardScaler(), LassoCV(cv=3)).fit(table, y)
    display = ConstraintRegionDisplay.from_estimator(
        model, table, y, features=("bmi", "s5"), name="tuned", ax=axes
    )
    np.testing.assert_array_equal(display.fitted, model[-1].coef_[[2, 8]])
    assert axes.get_xlabel() == "coefficient of bmi"
    assert axes.get_title() == "tuned"


def test_a_target_of_several(axes):
    targets = np.column_stack([Y, -2 * Y])
    model = Ridge().fit(X, targets)
    display = ConstraintRegionDisplay.from_estimator(
        model, X, targets, target=1, ax=axes
    )
    np.testing.assert_array_equal(display.fitted, model.coef_[1, :2])


def test_nothing_left_in_the_model(axes):
    model = Lasso(alpha=1e3).fit(X, Y)
    display = ConstraintRegionDisplay.from_estimator(model, X, Y, ax=axes)
    assert display.budget_ == 0
    assert display.excess_ > 0


@pytest.mark.parametrize(
    ("model", "y", "options", "message"),
    [
        (MODELS["lasso"], -Y, {"features": (2, 3)}, "No contour touches"),
        (
            Lasso(alpha=0.1, positive=True),
            Y,
            {"features": (1, 2)},
            "No contour touches",
        ),
        (MODELS["lasso"], Y, {"features": (2, 2)}, "features should differ"),
        (MODELS["lasso"], Y, {"features": (2, 10)}, "out of range for 10"),
        (MODELS["lasso"], Y, {"features": (2, "bmi")}, "'bmi' is none of the features"),
        (MODELS["lasso"], Y, {"features": (1, 2, 3)}, "should name two features"),
        (MODELS["lasso"], Y[:-1], {}, "inconsistent numbers of samples"),
        (DecisionTreeRegressor(), Y, {}, "has no alpha"),
    ],
)
def test_what_cannot_be_drawn(axes, model, y, options, message):
    model.fit(X, Y)
    with pytest.raises(ValueError, match=message):
        ConstraintRegionDisplay.from_estimator(model, X, y, ax=axes, **options)
    with pytest.raises(ValueError, match=r"X has 9 features|has no alpha"):
        ConstraintRegionDisplay.from_estimator(model, X[:, :9], Y, ax=axes)
