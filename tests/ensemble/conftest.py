"""Data for the ensembles, and members fitted apart for comparison."""

import pytest
from sklearn.datasets import load_diabetes, load_iris

from sklreg.ensemble import _bagging


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture
def one_by_one(monkeypatch):
    """Members fitted apart, whatever they are."""

    def fit(model, *args, **kwargs):
        with monkeypatch.context() as context:
            context.setattr(_bagging, "_split", lambda estimator: (None, None))
            return model.fit(*args, **kwargs)

    return fit
