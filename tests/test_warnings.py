"""Warnings point to the user's line, however deep and through whatever."""

import warnings

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklreg.linear_model import Lasso, enet_path, lasso_path


def _data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 60))
    return X, X[:, 0] + 0.1 * rng.standard_normal(40)


def _short():
    return Lasso(alpha=1e-6, max_iter=1, tol=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda X, y: _short().fit(X, y),
        lambda X, y: make_pipeline(StandardScaler(), _short()).fit(X, y),
        lambda X, y: GridSearchCV(_short(), {"alpha": [1e-6]}, cv=2).fit(X, y),
        lambda X, y: lasso_path(X, y, n_alphas=3),
        lambda X, y: enet_path(X, y, n_alphas=3),
        lambda X, y: lasso_path(X, y, alphas=[1e-6], max_iter=1, tol=1e-12),
    ],
    ids=["fit", "pipeline", "search", "lasso_path", "enet_path", "short path"],
)
def test_it_is_the_users_line(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(*_data())
    assert caught
    assert {warning.filename for warning in caught} == {__file__}
