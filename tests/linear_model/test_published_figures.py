"""Figures that others have published, with our estimators.

The prostate figures need data that are not part of the project:
``python -m benchmarks.published_figures --data FOLDER``.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sklreg.linear_model import ElasticNet, Lasso, LassoCV, Ridge, lasso_path

WORKED_TABLE = {
    "least squares": (Ridge(alpha=0.0, solver="svd"), 1.6713, 5.4532),
    "ridge": (Ridge(alpha=0.5), 2.9305, 1.7757),
    "lasso": (Lasso(alpha=0.1), 2.8759, 2.1135),
    "elastic net": (ElasticNet(alpha=0.01, l1_ratio=0.4), 2.8328, 1.7885),
    "elastic net, alpha 0.1": (ElasticNet(alpha=0.1, l1_ratio=0.4), 3.1694, 2.1436),
}


@pytest.mark.parametrize("row", WORKED_TABLE)
def test_worked_table_of_an_overfitted_polynomial(row):
    model, train, test = WORKED_TABLE[row]
    rng = np.random.RandomState(42)
    X = np.linspace(0, 1, 30).reshape(-1, 1)
    y = (20 * X**3 - 15 * X**2 + 10 * X + 5).ravel() + rng.randn(30) * 2
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, random_state=42
    )
    pipeline = make_pipeline(PolynomialFeatures(8), model).fit(X_train, y_train)
    errors = [
        mean_squared_error(y_train, pipeline.predict(X_train)),
        mean_squared_error(y_test, pipeline.predict(X_test)),
    ]
    assert_allclose(errors, [train, test], rtol=0, atol=0.6e-4)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


def test_diabetes_lasso_coefficients(diabetes):
    published = [
        *(0.0, -155.36, 517.187, 275.077, -52.539),
        *(0.0, -210.158, 0.0, 483.913, 33.674),
    ]
    # published at scikit-learn's default tolerance: 0.03 away from the minimum's
    coef = Lasso(alpha=0.1).fit(*diabetes).coef_
    assert_allclose(coef, published, rtol=0, atol=0.6e-3)
    exact = Lasso(alpha=0.1, tol=1e-12).fit(*diabetes).coef_
    assert_allclose(exact, published, rtol=0, atol=0.03)
    assert_array_equal(coef == 0, np.equal(published, 0))


def test_diabetes_cross_validated_penalty(diabetes):
    assert round(LassoCV(cv=20, tol=1e-8).fit(*diabetes).alpha_, 8) == 0.05320868


def test_diabetes_entry_order_along_the_path(diabetes):
    X, y = diabetes
    _, coefs, _ = lasso_path(X, y - y.mean(), alphas=1000, eps=1e-4, tol=1e-8)
    assert np.all(coefs[:, -1] != 0)
    first = np.argmax(coefs != 0, axis=1)
    for_good = coefs.shape[1] - np.argmax(coefs[:, ::-1] == 0, axis=1)
    # column 6 is the only one that leaves again; published is its second entry
    assert_array_equal(np.flatnonzero(first != for_good), [6])
    assert_array_equal(np.argsort(first), [2, 8, 3, 6, 1, 9, 4, 7, 5, 0])
    assert_array_equal(np.argsort(for_good), [2, 8, 3, 1, 9, 4, 7, 5, 0, 6])
    assert len(set(for_good)) == 10
