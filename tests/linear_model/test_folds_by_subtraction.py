"""Errors of folds by subtraction are those of refits on copied rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    ShuffleSplit,
)

from sklreg.linear_model import ElasticNet, ElasticNetCV

TOL = 1e-14
N, P = 120, 12


def data(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) + rng.normal(size=P)
    return X, X[:, :4] @ np.arange(1.0, 5.0) + rng.normal(size=N), rng


def refitted(X, y, splits, alphas, l1_ratio, weights=None, **parameters):
    """Errors of models fitted to copies of the training rows."""
    weights = np.ones(len(y)) if weights is None else weights
    errors = np.empty((len(alphas), len(splits)))
    for k, (train, test) in enumerate(splits):
        for a, alpha in enumerate(alphas):
            model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=TOL, **parameters)
            model.fit(X[train].copy(), y[train], sample_weight=weights[train])
            squares = (model.predict(X[test]) - y[test]) ** 2
            errors[a, k] = np.average(squares, weights=weights[test])
    return errors


def compare(X, y, splits, weights=None, l1_ratio=1.0, **parameters):
    model = ElasticNetCV(
        alphas=6, eps=1e-3, l1_ratio=l1_ratio, cv=splits, tol=TOL, **parameters
    ).fit(X, y, sample_weight=weights)
    expected = refitted(X, y, splits, model.alphas_, l1_ratio, weights, **parameters)
    assert_allclose(model.mse_path_, expected, rtol=1e-8)
    return model


def groups(rng):
    return np.sort(rng.integers(0, 9, N))


SPLITTERS = {
    "KFold": lambda X, rng: KFold(5).split(X),
    "GroupKFold": lambda X, rng: GroupKFold(4).split(X, groups=groups(rng)),
    "repeated": lambda X, rng: RepeatedKFold(
        n_splits=3, n_repeats=2, random_state=0
    ).split(X),
    "overlapping": lambda X, rng: ShuffleSplit(
        4, test_size=0.3, train_size=0.5, random_state=0
    ).split(X),
    "rows drawn twice": lambda X, rng: [
        (rng.integers(0, N, N), rng.choice(N, 40, replace=False)) for _ in range(3)
    ],
}


@pytest.mark.parametrize("splitter", SPLITTERS)
@pytest.mark.parametrize("weighted", [False, True])
def test_splitters_and_weights(splitter, weighted):
    X, y, rng = data()
    splits = list(SPLITTERS[splitter](X, rng))
    weights = rng.integers(0, 4, N) + rng.random(N) if weighted else None
    compare(X, y, splits, weights)
    compare(X, y, splits, weights, l1_ratio=0.4)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_columns_constant_in_training(fit_intercept):
    X, y, _ = data()
    splits = list(KFold(5).split(X))
    X[:, 3] = 0.0
    X[splits[1][1], 3] = 1.0  # varies in the test rows only
    X[:, 7] = 5.0
    X[splits[2][1], 7] += 1e-3 * np.arange(len(splits[2][1]))
    compare(X, y, splits, fit_intercept=fit_intercept)
    compare(X, y, splits, fit_intercept=fit_intercept, positive=True)


def test_terms_of_single_features():
    X, y, rng = data()
    splits = list(KFold(4).split(X))
    weights = 0.5 + rng.random(N)
    factors = np.linspace(0.0, 2.0, P)
    compare(
        X,
        y,
        splits,
        weights,
        penalty_factor=factors,
        exclude=[2],
        coef_bounds=(-0.5, 1.5),
        standardize=True,
    )
    compare(X, y, splits, penalty_factor=factors, standardize=True, l1_ratio=0.6)


def test_more_features_than_rows():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 300))
    y = X[:, :3].sum(axis=1) + rng.normal(size=40)
    splits = list(KFold(4).split(X))
    compare(X, y, splits)
    compare(X, y, splits, penalty_factor=np.linspace(0.5, 2.0, 300), standardize=True)


@pytest.mark.parametrize("noise", [1.0, 1e-9])
def test_errors_from_moments_do_not_cancel(noise):
    X, y, rng = data()
    X, y = X + 100.0, X[:, :4] @ np.arange(1.0, 5.0) + noise * rng.normal(size=N)
    splits = list(KFold(5).split(X))
    model = ElasticNetCV(alphas=[1e-3, 1e-10], l1_ratio=0.9, cv=splits, tol=TOL)
    model.fit(X, y)
    expected = refitted(X, y, splits, model.alphas_, 0.9)
    assert_allclose(model.mse_path_[0], expected[0], rtol=1e-8)
    assert_allclose(model.mse_path_[1], expected[1], rtol=1e-2)
